"""Sessions: who is signed in, and ending that."""

from __future__ import annotations

from typing import Any

from portico.gate.accounts import session_actions, session_list
from portico.gate.accounts.session_list import OpenSession
from portico.gate.api import lists
from portico.gate.api.asked import me
from portico.gate.api.operations import operation
from portico.gate.api.people import found
from portico.gate.api.shapes import Ended, List, SessionSearch, SessionShape
from portico.gate.permissions import Permission
from portico.gate.state import gate


def shape(one: OpenSession) -> SessionShape:
    """A session as the API gives it."""
    return SessionShape(
        id=one.number,
        email=one.email,
        device=one.device,
        began_at=one.began_at,
        began_from=one.began_from,
        used_at=one.used_at,
        used_from=one.used_from,
        until=one.until,
        remembered=one.remembered,
    )


@operation("GET", "/sessions", Permission.SEE_SESSIONS, errors=(404,))
def list_sessions(query: SessionSearch) -> List[SessionShape]:
    """Open sessions, those used last first."""
    person = found(query.person) if query.person else None
    statement: Any = session_list.statement(person=person, address=query.address or "")
    page = lists.part(statement, query, *session_list.KEYS, descending=True)
    return lists.given(page, lambda row: shape(session_list.shown(*row)))


@operation("DELETE", "/sessions/{id}", Permission.END_SESSIONS, fresh=True, status=204)
def end_session(id: int) -> None:  # noqa: A002  the API's word
    """End a session, and those of apps' own hosts that came from it."""
    session_actions.end(gate().db, me(), id)


@operation("DELETE", "/people/{id}/sessions", Permission.END_SESSIONS, fresh=True)
def end_sessions(id: str) -> Ended:  # noqa: A002
    """Sign a person out everywhere."""
    return Ended(session_actions.end_all(gate().db, me(), found(id)))
