"""Guests: accounts with an end. Then the sessions end too, and nobody signs in any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import clock
from portico.gate.accounts.actions import LastAdministratorError
from portico.gate.accounts.people import count_administrators
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Person, SessionRow
from portico.gate.policy import ADMIN


@one_transaction
def set_end(db: Session, actor: Actor, person: Person, until: datetime | None) -> None:
    """Let the account end at this moment (None: never); open sessions end with it at the latest.

    LastAdministratorError when nobody would be left to look after the site for good.
    """
    serialize(db)
    db.refresh(person)
    if until is not None and until <= clock.now():
        raise UserError("the end of an account lies in the future; to close it now, disable it")
    if (
        until is not None
        and ADMIN in person.role_names
        and not count_administrators(db, except_for=person.id)
    ):
        raise LastAdministratorError(person.email)
    if person.active_until == until:
        return
    person.active_until = until
    if until is not None:
        shorten_sessions(db, person.id, until)
    note(db, actor, "end-set", person.email, until=until.isoformat() if until else None)


def shorten_sessions(db: Session, person_id: int, until: datetime) -> None:
    """Let the person's open sessions end at this moment at the latest, in the caller's transaction."""
    db.execute(
        update(SessionRow)
        .where(SessionRow.person_id == person_id, SessionRow.absolute_until > until)
        .values(
            absolute_until=until,
            valid_until=case((SessionRow.valid_until > until, until), else_=SessionRow.valid_until),
        )
    )
