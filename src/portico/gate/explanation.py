"""Who may enter, and why: the policy's decisions told to the person who looks after a site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portico.gate import clock, visitors
from portico.gate.accounts.groups import groups_of
from portico.gate.models import ApiToken, Person, Role, ShareLink, group_role, person_group, person_role
from portico.gate.policy import ADMIN, Decision, Visitor, decide, decide_at
from portico.gate.tokens import opens
from portico.gate.visitors import of_person
from portico.site import Access, App
from portico.site.path_rules import access_of, rule_of

BATCH = 5000


@dataclass(frozen=True, slots=True)
class Entry:
    """One who may enter, and why."""

    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Others:
    """Who may enter beside people with an account: services by their tokens, and whoever has a share link."""

    services: tuple[Entry, ...]
    share_links: int


def in_words(access: Access) -> str:
    """An access as it would be written in portico.toml."""
    if access.public or access.known or access.signed_in:
        return "public" if access.public else "public-with-identity" if access.known else "signed-in"
    return ", ".join([*sorted(access.roles), *sorted(access.people)]) or "nobody"


def why(db: Session, app: App, path: str, person: Person | None) -> tuple[Decision, list[str]]:
    """The decision for a person (None: a stranger) at a path of an app, and the facts that it rests on."""
    rule = rule_of(app, path)
    access = access_of(app, rule) or Access()
    named = f'paths."{rule}"' if rule else "access"
    facts = [f"rule: apps.{app.name}.{named} = {in_words(access)}"]
    visitor = of_person(db, person) if person else None
    if person is not None and visitor is not None:
        given = sorted(visitor.roles - person.role_names)
        through = f"; by groups ({', '.join(groups_of(db, person))}): {', '.join(given)}" if given else ""
        facts.append(f"roles: {', '.join(sorted(person.role_names)) or 'none'}{through}")
        facts.append(f"address: {'verified' if person.email_verified else 'not verified'}")
        if person.active_until:
            facts.append(f"account: ends at {person.active_until:%Y-%m-%d %H:%M} UTC")
        if not person.active:
            facts.append("account: disabled")
    return decide_at(app, rule, visitor), facts


def who(db: Session, app: App, path: str) -> Iterator[Entry]:
    """Everybody with an account who may enter there, by address, some thousands at a time."""
    access = access_of(app, rule_of(app, path)) or Access()
    last = ""
    while True:
        query = _candidates(access).where(Person.email > last).order_by(Person.email).limit(BATCH)
        rows = visitors.of_people(db, query)
        if not rows:
            return
        for visitor in rows:
            decision = decide(access, visitor)
            if decision.enters:
                yield Entry(visitor.email, decision.reason)
        last = rows[-1].email


def count_people(db: Session) -> int:
    """How many accounts can sign in now."""
    alive = or_(Person.active_until.is_(None), Person.active_until > clock.now())
    return db.scalar(select(func.count()).select_from(Person).where(Person.active, alive)) or 0


def others(db: Session, app: App, path: str) -> Others:
    """Who else may enter there."""
    rule, now = rule_of(app, path), clock.now()
    access = access_of(app, rule) or Access()
    tokens = db.scalars(select(ApiToken).where(ApiToken.person_id.is_(None), ApiToken.expires_at > now))
    services = tuple(
        Entry(f"service {token.name}", f"API token {token.hint}")
        for token in tokens
        if opens(token.scopes, app.name) and _service_enters(access, token)
    )
    shared = db.scalars(select(ShareLink).where(ShareLink.app == app.name, ShareLink.expires_at > now))
    links = [link for link in shared if rule in ("", rule_of(app, link.path.partition("?")[0]))]
    return Others(services, len(links))


def _service_enters(access: Access, token: ApiToken) -> bool:
    return decide(access, Visitor("", frozenset(token.roles), email_verified=False)).enters


def _candidates(access: Access) -> Any:
    """The people among whom those who may enter are: by index, so that it is quick with 100,000 accounts."""
    query = visitors.PEOPLE.where(Person.active)
    if access.public or access.known or access.signed_in:
        return query
    roles = select(Role.id).where(Role.name.in_([*access.roles, ADMIN]))
    own = select(person_role.c.person_id).where(person_role.c.role_id.in_(roles))
    given = (
        select(person_group.c.person_id)
        .join(group_role, group_role.c.group_id == person_group.c.group_id)
        .where(group_role.c.role_id.in_(roles))
    )
    return query.where(or_(Person.id.in_(own), Person.id.in_(given), Person.email.in_(access.people)))
