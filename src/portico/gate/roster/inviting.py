"""A link for each of those whom a file has added, with which they choose a password: mailed, or to be handed over."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portico.gate import mail
from portico.gate.accounts import links
from portico.gate.accounts.invitations import LIFETIME
from portico.gate.accounts.links import LinkKind
from portico.gate.audit import Actor, note
from portico.gate.models import Person
from portico.gate.roster.reading import RosterError

MOST = 2_000  # people invited with one file


def check(count: int) -> None:
    """RosterError for more than can be invited with one file."""
    if count > MOST:
        raise RosterError(
            [
                f"{count:,} people to invite; split the file, {MOST:,} at most are invited with one, or do not invite"
            ]
        )


def invite(db: Session, actor: Actor, emails: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Make the links in the caller's transaction, and mail them where the site sends mail; addresses and tokens.

    They last as long as an invitation, and end when a password is set, when another way to sign in is there, and with
    the rights of whoever made them. Whoever is disabled, or has ended already, gets none.
    """
    made = []
    for email in emails:
        person = db.scalars(select(Person).where(Person.email == email)).one()
        if not person.active or person.has_ended:
            continue
        token = links.make(db, LinkKind.RESET, person, lifetime=LIFETIME, by=actor.name)
        mail.post(
            db,
            email,
            "welcome",
            lifetime=LIFETIME,
            path=f"/-/reset/{token}",
            by=actor.name,
            days=LIFETIME.days,
        )
        note(db, actor, "reset-link-issued", email, imported=True)
        made.append((email, token))
    return tuple(made)
