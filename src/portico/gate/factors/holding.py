"""What second factors a person has, and whether the site wants one of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portico.gate.accounts.groups import roles_of
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.models import Authenticator, Passkey, Person, RecoveryCode, SessionRow
from portico.site import Site


@dataclass(frozen=True, slots=True)
class Holding:
    """A person's second factors. Passkeys that were copied do not count."""

    authenticator: bool
    passkeys: int
    codes: int

    @property
    def any(self) -> bool:
        """Whether a sign-in has a second step. Recovery codes alone are none: they stand in for what is lost."""
        return self.authenticator or self.passkeys > 0


def holding_of(db: Session, person: Person) -> Holding:
    """What this person has."""
    row = db.execute(
        select(
            select(func.count())
            .select_from(Authenticator)
            .where(Authenticator.person_id == person.id)
            .scalar_subquery(),
            select(func.count())
            .select_from(Passkey)
            .where(Passkey.person_id == person.id, Passkey.copied.is_(False))
            .scalar_subquery(),
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.person_id == person.id)
            .scalar_subquery(),
        )
    ).one()
    return Holding(bool(row[0]), row[1], row[2])


def is_required(db: Session, site: Site, person: Person) -> bool:
    """Whether the site wants this person to have a second factor: of everybody, or for a role of theirs."""
    wanted = site.sign_in.second_factor
    return wanted.required or (bool(wanted.roles) and wanted.concerns(roles_of(db, person)))


@one_transaction
def strengthen(db: Session, session_id: int) -> None:
    """Count a session, and those of apps' own hosts that came from it, as begun with a second factor."""
    family = (SessionRow.id == session_id) | (SessionRow.parent_id == session_id)
    db.execute(update(SessionRow).where(family).values(strong=True))


@one_transaction
def end_weak_session(db: Session, site: Site, actor_ip: str, session_id: int) -> bool:
    """End a session that began without a second factor, when the site wants one of its person now.

    That comes with a role, a group or a new site file; the front's check refuses such a session by itself.
    """
    row = db.get(SessionRow, session_id)
    person = db.get(Person, row.person_id) if row is not None and row.person_id is not None else None
    if row is None or person is None or row.strong or not is_required(db, site, person):
        return False
    family = row.parent_id or row.id
    db.execute(delete(SessionRow).where((SessionRow.id == family) | (SessionRow.parent_id == family)))
    note(db, Actor(person.email, actor_ip), "weak-session-ended", person.email)
    return True
