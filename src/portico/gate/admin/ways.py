"""The ways in which a person signs in, as an administrator sees them; and what takes one of them away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import mail, sessions
from portico.gate.accounts.transactions import one_transaction
from portico.gate.accounts.ways_in import keeping_an_administrator
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.factors import actions as factors
from portico.gate.factors import recovery
from portico.gate.factors.holding import holding_of
from portico.gate.models import Authenticator, LinkedAccount, Passkey, Person, RememberedDevice
from portico.gate.sso import brought_roles, linked
from portico.site import Site


class WayKind(StrEnum):
    """What a way is. An authenticator app and recovery codes alone open nothing: they stand beside a password."""

    PASSWORD = "password"  # noqa: S105  a word, not a secret
    ACCOUNT = "account"
    PASSKEY = "passkey"
    AUTHENTICATOR = "authenticator"
    CODES = "recovery-codes"


REMOVABLE = (WayKind.ACCOUNT, WayKind.PASSKEY, WayKind.AUTHENTICATOR)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to sign in, or a part of one. `name` is what it is called among this person's ("passkey-7")."""

    name: str
    kind: WayKind
    title: str
    about: str = ""
    since: datetime | None = None
    used_at: datetime | None = None
    row: LinkedAccount | Passkey | Authenticator | None = None

    @property
    def removable(self) -> bool:
        """Whether it can be taken away by itself."""
        return self.kind in REMOVABLE


class NoSuchWayError(UserError):
    """The person does not have it."""


def ways_of(db: Session, site: Site, person: Person) -> list[Way]:
    """All that this person has."""
    return [*_password(person), *_accounts(db, site, person), *_factors(db, person)]


@one_transaction
def remove(db: Session, actor: Actor, site: Site, person: Person, name: str) -> Way:
    """Take one of somebody's ways to sign in away: they are signed out everywhere, devices are forgotten, a mail tells.

    Whether another is left is for the administrator to see: a link for a new password helps whoever has none.
    NoSuchWayError. LastWayError when no administrator could sign in any more.
    """
    serialize(db)
    db.expire_all()
    ways = ways_of(db, site, person)
    way = next((one for one in ways if one.name == name), None)
    if way is None:
        known = ", ".join(one.name for one in ways if one.removable) or "nothing that can be removed"
        raise NoSuchWayError(f'{person.email} has no "{name}"; there is {known}')
    if way.row is None:
        raise UserError(
            f"{way.title.lower()}: not removed by itself; disable the account, make a link for a new password, "
            "or reset the second factor"
        )
    with keeping_an_administrator(db, site):
        _take(db, actor, person, way.row)
    db.execute(delete(RememberedDevice).where(RememberedDevice.person_id == person.id))
    mail.notify(db, person, "way-removed", what=_called(way), by=actor.name)
    sessions.end_others(db, person, keep=None)
    return way


def _take(db: Session, actor: Actor, person: Person, row: LinkedAccount | Passkey | Authenticator) -> None:
    db.delete(row)
    db.flush()
    if isinstance(row, LinkedAccount):
        if not any(one.source == row.source for one in linked.accounts_of(db, person)):
            brought_roles.drop(db, actor, person, row.source)
        note(db, actor, "account-unlinked", person.email, source=row.source, address=row.email)
        return
    if isinstance(row, Passkey):
        note(db, actor, "passkey-removed", person.email, name=row.name, id=row.id)
    else:
        note(db, actor, "authenticator-removed", person.email)
    factors.tidy_up(db, person, holding_of(db, person))


def _password(person: Person) -> Iterator[Way]:
    if person.password is not None:
        yield Way("password", WayKind.PASSWORD, "Password")


def _accounts(db: Session, site: Site, person: Person) -> Iterator[Way]:
    titles = site.sources.titles
    for one in linked.accounts_of(db, person):
        title = titles.get(one.source)
        about = one.email or one.subject
        yield Way(
            f"account-{one.id}",
            WayKind.ACCOUNT,
            title or one.source,
            about if title else f"{about}, no longer offered here",
            one.created_at,
            one.last_used_at,
            one,
        )


def _factors(db: Session, person: Person) -> Iterator[Way]:
    for key in factors.passkeys_of(db, person):
        about = "copied, opens nothing" if key.copied else "synced between devices" if key.synced else ""
        title = f"Passkey “{key.name}”"
        yield Way(f"passkey-{key.id}", WayKind.PASSKEY, title, about, key.created_at, key.last_used_at, key)
    app = db.get(Authenticator, person.id)
    if app is not None:
        yield Way(
            "authenticator",
            WayKind.AUTHENTICATOR,
            "Authenticator app",
            "",
            app.created_at,
            app.last_used_at,
            app,
        )
    if left := recovery.left(db, person):
        yield Way("recovery-codes", WayKind.CODES, "Recovery codes", f"{left} left")


def _called(way: Way) -> str:
    if way.kind is WayKind.ACCOUNT:
        return f"Your account at {way.title}"
    return f"Your {way.title[:1].lower()}{way.title[1:]}"
