"""The gate's tables as typed classes, a file a subject."""

from __future__ import annotations

from portico.gate.models.attempts import Attempts
from portico.gate.models.audit import AuditLine
from portico.gate.models.base import NEVER_REUSED, Base, UtcTime
from portico.gate.models.links import Link
from portico.gate.models.people import Person, Role, person_role
from portico.gate.models.sessions import SessionRow

__all__ = [
    "NEVER_REUSED",
    "Attempts",
    "AuditLine",
    "Base",
    "Link",
    "Person",
    "Role",
    "SessionRow",
    "UtcTime",
    "person_role",
]
