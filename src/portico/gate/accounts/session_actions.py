"""Ending sessions: one, a person's others, all of them. Pages, the command line and the API call these."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate.accounts.device_names import device_name
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.models import Person, SessionRow

LARGEST = 2**31 - 1  # that a session's number can be


class NoSuchSessionError(UserError):
    """The session has ended already, or is not this person's."""

    def __init__(self, number: int) -> None:
        super().__init__(f"no such session: {number}; it may have ended already")


@one_transaction
def end(db: Session, actor: Actor, number: int, *, of: Person | None = None) -> None:
    """End a session and those of apps' own hosts that came from it; apps close within the front's cache seconds.

    NoSuchSessionError when there is none of this number, or, with `of`, none of that person's.
    """
    row = db.get(SessionRow, number) if 0 < number <= LARGEST else None
    if row is None or row.person_id is None or (of is not None and row.person_id != of.id):
        raise NoSuchSessionError(number)
    owner = db.get(Person, row.person_id)
    device = device_name(row.user_agent)
    note(db, actor, "session-ended", owner.email if owner else "", device=device, used_from=row.last_ip)
    family = row.parent_id or row.id
    db.expunge(row)
    db.execute(delete(SessionRow).where((SessionRow.id == family) | (SessionRow.parent_id == family)))


@one_transaction
def end_all(db: Session, actor: Actor, person: Person, *, keep: int | None = None) -> int:
    """End all sessions of a person, or all but `keep` and those that came from it; returns how many ended."""
    ended = list(
        db.scalars(
            select(SessionRow.id).where(
                SessionRow.person_id == person.id,
                SessionRow.parent_id.is_(None),
                SessionRow.id != (keep or 0),
            )
        )
    )
    if not ended:
        return 0
    gone = delete(SessionRow).where(SessionRow.person_id == person.id)
    if keep is not None:
        gone = gone.where(
            SessionRow.id != keep, SessionRow.parent_id.is_(None) | (SessionRow.parent_id != keep)
        )
    db.execute(gone)
    note(db, actor, "sessions-ended", person.email, sessions=len(ended), own_kept=keep is not None)
    return len(ended)
