"""The audit, to read."""

from __future__ import annotations

from portico.gate.api import lists
from portico.gate.api.operations import operation
from portico.gate.api.shapes import AuditSearch, AuditShape, List
from portico.gate.audit import reading
from portico.gate.audit.reading import Question
from portico.gate.models import AuditLine
from portico.gate.permissions import Permission
from portico.gate.state import gate


def shape(line: AuditLine) -> AuditShape:
    """A line as the API gives it."""
    return AuditShape(line.id, line.at, line.actor, line.action, line.subject, line.ip, line.detail)


@operation("GET", "/audit", Permission.READ_AUDIT)
def list_audit(query: AuditSearch) -> List[AuditShape]:
    """The lines that were asked for, the newest first."""
    question = Question(
        person=query.person or "",
        action=query.action or "",
        address=query.address or "",
        since=query.since,
        until=query.until,
    )
    page = lists.asked(lambda: reading.page(gate().db, question, after=query.after, size=query.limit))
    return lists.given(page, shape)
