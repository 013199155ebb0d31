"""The state between the first proof and the second: kept by the server, good for minutes, in one browser.

It lives in the data of a session that belongs to nobody: the front's check finds no person behind its token, so it
opens no app and no page that asks for somebody. Its token is new with every first proof, and it is dropped for
another one when the sign-in is complete.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask_login import current_user
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.transactions import one_transaction
from portico.gate.models import Person, SessionRow
from portico.gate.state import gate, own_session

LIFETIME = timedelta(minutes=10)
_KEY = "second-step"


class Step(StrEnum):
    """What is still missing."""

    PROVE = "prove"  # a code, a passkey or a recovery code
    ENROL = "enrol"  # a second factor, which this person must have and has not


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody whose first proof was `via`. `mark` follows from the password: a new one ends the state."""

    uid: str
    step: Step
    via: str
    remember: bool
    target: str
    mark: str
    until: str


def begin(person: Person, step: Step, *, via: str, remember: bool, target: str) -> None:
    """Wait for the second step of this person, in place of whoever was waited for before."""
    forget()
    until = clock.now() + LIFETIME
    mark = password_mark(person)
    pending = Pending(person.fs_uniquifier, step, via, remember, target, mark, until.isoformat())
    own_session()[_KEY] = asdict(pending)


def waiting() -> tuple[Pending, Person] | None:
    """Who is waited for in this browser; None when nobody is, or not any more."""
    saved = own_session().get(_KEY)
    if saved is None or current_user.is_authenticated:
        return None
    pending = Pending(**saved | {"step": Step(saved["step"])})
    person = gate().db.scalar(select(Person).where(Person.fs_uniquifier == pending.uid))
    late = clock.now() >= datetime.fromisoformat(pending.until)
    if (
        late
        or person is None
        or not person.active
        or person.has_ended
        or password_mark(person) != pending.mark
    ):
        return None
    return pending, person


def forget() -> None:
    """End the browser's session that belongs to nobody, and its token with it."""
    session = own_session()
    _ = session.loaded
    if session.row_id is not None:
        drop(gate().db, session.row_id)
    session.end()


@one_transaction
def drop(db: Session, session_id: int) -> None:
    """Remove a session that another one takes the place of."""
    db.execute(delete(SessionRow).where(SessionRow.id == session_id))


def password_mark(person: Person) -> str:
    """A text that changes when the person's password does, and tells nothing about it."""
    return hashlib.sha256(f"mark:{person.fs_uniquifier}:{person.password or ''}".encode()).hexdigest()
