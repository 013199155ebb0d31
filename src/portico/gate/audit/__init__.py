"""The audit: one line for each change and sign-in, added in the transaction of the change itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portico.gate.models import AuditLine


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where: an address, "command line", or "nobody" before a sign-in."""

    name: str
    ip: str = ""


COMMAND_LINE = Actor("command line")


def note(db: Session, actor: Actor, action: str, subject: str = "", **detail: Any) -> None:
    """Add a line to the audit; it is kept if and only if the caller's transaction is."""
    db.add(
        AuditLine(
            actor=actor.name[:254], action=action, subject=subject[:254], ip=actor.ip[:45], detail=detail
        )
    )
