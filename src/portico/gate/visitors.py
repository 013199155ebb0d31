"""From what a request shows (a session's cookie, an API token, a guest's cookie) to who asks: one SELECT each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, ScalarSelect, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portico.gate import clock, sessions
from portico.gate.accounts.groups import roles_of
from portico.gate.issuer import Identity
from portico.gate.models import (
    ApiToken,
    GuestSession,
    Person,
    Role,
    SessionRow,
    group_role,
    person_group,
    person_role,
)
from portico.gate.policy import Guest, Visitor
from portico.gate.session_use import Use
from portico.gate.tokens import scopes, spelling
from portico.site import Site


@dataclass(frozen=True, slots=True)
class Found:
    """Who asks, and by what that was found ("session" 7, "token" 3).

    `session`: the use of a session that is to be noted; None for a token, and for the token that a session had before.
    """

    key: tuple[str, int]
    visitor: Visitor
    identity: Identity
    last_used_at: datetime | None
    session: Use | None = None
    host: str | None = None
    strong: bool = True  # a session: it began with a second factor


@dataclass(frozen=True, slots=True)
class FoundGuest:
    """A guest, and the identity that another site gave them, if it did.

    `inviter`: who holds the API token that let them in, and may no longer enter everything; None for a share link's guest.
    """

    guest: Guest
    identity: Identity | None
    inviter: Visitor | None


def _own_roles() -> ScalarSelect[Any]:
    return (
        select(func.aggregate_strings(Role.name, ","))
        .join(person_role, person_role.c.role_id == Role.id)
        .where(person_role.c.person_id == Person.id)
        .correlate(Person)
        .scalar_subquery()
    )


def _given_roles() -> ScalarSelect[Any]:
    return (
        select(func.aggregate_strings(Role.name, ","))
        .join(group_role, group_role.c.role_id == Role.id)
        .join(person_group, person_group.c.group_id == group_role.c.group_id)
        .where(person_group.c.person_id == Person.id)
        .correlate(Person)
        .scalar_subquery()
    )


_PERSON = (
    Person.fs_uniquifier.label("person_uid"),
    Person.email,
    Person.name.label("person_name"),
    Person.email_verified,
    Person.active,
    Person.active_until,
    _own_roles().label("own_roles"),
    _given_roles().label("given_roles"),
)
PEOPLE = select(*_PERSON)
_SESSION = (
    select(
        SessionRow.id,
        SessionRow.parent_id,
        SessionRow.host,
        SessionRow.last_used_at,
        SessionRow.last_ip,
        SessionRow.absolute_until,
        SessionRow.remembered,
        SessionRow.strong,
        (SessionRow.token_hash == bindparam("token_hash")).label("present"),
        *_PERSON,
    )
    .join(Person, Person.id == SessionRow.person_id)
    .where(
        or_(
            SessionRow.token_hash == bindparam("token_hash"),
            and_(
                SessionRow.previous_hash == bindparam("token_hash"),
                SessionRow.previous_until > bindparam("now"),
            ),
        ),
        SessionRow.valid_until > bindparam("now"),
    )
)
_TOKEN = (
    select(
        ApiToken.id,
        ApiToken.uid,
        ApiToken.name,
        ApiToken.person_id,
        ApiToken.roles,
        ApiToken.scopes,
        ApiToken.last_used_at,
        *_PERSON,
    )
    .outerjoin(Person, Person.id == ApiToken.person_id)
    .where(ApiToken.token_hash == bindparam("token_hash"), ApiToken.expires_at > bindparam("now"))
)
_GUEST = (
    select(
        GuestSession.id,
        GuestSession.app,
        GuestSession.rule,
        GuestSession.name.label("guest_name"),
        GuestSession.api_token_id,
        ApiToken.person_id,
        ApiToken.roles,
        *_PERSON,
    )
    .outerjoin(ApiToken, ApiToken.id == GuestSession.api_token_id)
    .outerjoin(Person, Person.id == ApiToken.person_id)
    .where(
        GuestSession.token_hash == bindparam("token_hash"),
        GuestSession.app == bindparam("app"),
        GuestSession.valid_until > bindparam("now"),
        or_(GuestSession.api_token_id.is_(None), ApiToken.expires_at > bindparam("now")),
    )
)


def of_person(db: Session, person: Person) -> Visitor:
    """The facts about a person on which a decision rests, with the roles of their groups."""
    active = person.active and not person.has_ended
    return Visitor(person.email, roles_of(db, person), person.email_verified, active)


def of_people(db: Session, query: Any) -> list[Visitor]:
    """The same of many: what a narrowed and ordered PEOPLE finds."""
    return [_visitor(row) for row in db.execute(query)]


def of_session(engine: Engine, token: str | None) -> Found | None:
    """The person whose session has this token, or had it seconds ago; None when there is no such session any more."""
    if token is None or not sessions.well_formed(token):
        return None
    row = _first(engine, _SESSION, sessions.hash_token(token))
    if row is None:
        return None
    use = None
    if row.present:
        ids = [number for number in (row.id, row.parent_id) if number is not None]
        use = Use(ids, row.last_used_at, row.last_ip, row.absolute_until, row.remembered)
    return Found(
        ("session", row.id), _visitor(row), _identity(row), row.last_used_at, use, row.host, row.strong
    )


def of_token(engine: Engine, site: Site, text: str) -> Found | None:
    """The person or the service whose API token this is; None when it is not good."""
    if not spelling.well_formed(text):
        return None
    row = _first(engine, _TOKEN, sessions.hash_token(text))
    if row is None or (row.person_id is not None and row.person_uid is None):
        return None
    apps = None
    if scopes.EVERY_APP not in row.scopes:
        apps = frozenset(app.name for app in site.apps if scopes.opens(row.scopes, app.name))
    if row.person_id is None:
        roles = tuple(sorted(row.roles))
        identity = Identity(row.uid, "", False, row.name, roles)
        visitor = Visitor("", frozenset(roles), email_verified=False, apps=apps)
    else:
        identity, visitor = _identity(row), _visitor(row, apps)
    return Found(("token", row.id), visitor, identity, row.last_used_at)


def of_guest(engine: Engine, app: str, token: str | None) -> FoundGuest | None:
    """The guest of this app whose cookie this is; None when it is not good any more."""
    if token is None or not sessions.well_formed(token):
        return None
    row = _first(engine, _GUEST, sessions.hash_token(token), app=app)
    if row is None:
        return None
    called = row.guest_name
    identity = Identity(f"guest-{row.id}", "", False, called, ()) if called else None
    return FoundGuest(Guest(row.app, row.rule), identity, _inviter(row))


def _inviter(row: Any) -> Visitor | None:
    """Who must still be let in for a guest to stay."""
    if row.api_token_id is None:
        return None
    if row.person_id is not None:
        return _visitor(row)
    return Visitor("", frozenset(row.roles), email_verified=False)


def _first(engine: Engine, query: Any, token_hash: str, **more: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(query, {"token_hash": token_hash, "now": clock.now()} | more).first()


def _visitor(row: Any, apps: Iterable[str] | None = None) -> Visitor:
    ended = row.active_until is not None and row.active_until <= clock.now()
    return Visitor(
        row.email,
        frozenset(_roles(row)),
        email_verified=row.email_verified,
        active=row.active and not ended,
        apps=None if apps is None else frozenset(apps),
    )


def _identity(row: Any) -> Identity:
    return Identity(row.person_uid, row.email, row.email_verified, row.person_name, _roles(row))


def _roles(row: Any) -> tuple[str, ...]:
    names = f"{row.own_roles or ''},{row.given_roles or ''}"
    return tuple(sorted({name for name in names.split(",") if name}))
