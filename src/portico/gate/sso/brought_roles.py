"""Roles that groups elsewhere bring: given while the group is there, taken when it is gone. Roles given here stay."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portico.gate.accounts.people import count_administrators
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import BroughtRole, Person, Role
from portico.gate.policy import ADMIN
from portico.site import Site


def wanted(pairs: Iterable[tuple[str, str]], groups: Iterable[str]) -> frozenset[str]:
    """The roles that these groups mean, by what portico.toml says."""
    held = set(groups)
    return frozenset(role for group, role in pairs if group in held)


def bring(db: Session, actor: Actor, person: Person, source: str, names: frozenset[str]) -> None:
    """Make the roles that come from this source exactly these, in the caller's transaction.

    The last administrator stays one, whatever the source says.
    """
    rows = list(db.scalars(select(BroughtRole).where(BroughtRole.person_id == person.id)))
    mine = {row.role_id: row for row in rows if row.source == source}
    if not names and not mine:
        return
    roles = {role.id: role for role in db.scalars(select(Role).where(Role.name.in_(names)))} if names else {}
    if roles.keys() == mine.keys() and roles.keys() <= {role.id for role in person.roles}:
        return
    serialize(db)
    db.refresh(person)
    others = {row.role_id for row in rows if row.source != source}
    added = [role for role in roles.values() if _give(db, person, role, source, mine.keys() | others)]
    removed = []
    for role_id, row in mine.items():
        if role_id not in roles and _take(db, actor, person, row, others):
            removed.append(db.get_one(Role, role_id))
    if added or removed:
        names_of = [sorted(role.name for role in some) for some in (added, removed)]
        note(
            db,
            actor,
            "roles-changed",
            person.email,
            added=names_of[0],
            removed=names_of[1],
            brought_by=source,
        )


def _give(db: Session, person: Person, role: Role, source: str, brought: set[int]) -> bool:
    """Whether the person has the role now and had it not. What they had from here stays theirs, and unmarked."""
    held = role in person.roles
    if held and role.id not in brought:
        return False
    db.merge(BroughtRole(person_id=person.id, role_id=role.id, source=source))
    if not held:
        person.roles.append(role)
    return not held


def _take(db: Session, actor: Actor, person: Person, row: BroughtRole, others: set[int]) -> bool:
    """Whether the person has the role no more: no other source brings it, and somebody else is administrator."""
    role = db.get_one(Role, row.role_id)
    needed = role.name == ADMIN and person.active and role in person.roles
    if needed and row.role_id not in others and not count_administrators(db, except_for=person.id):
        note(db, actor, "role-kept", person.email, role=ADMIN, brought_by=row.source)
        return False
    db.delete(row)
    if row.role_id in others or role not in person.roles:
        return False
    person.roles.remove(role)
    return True


@one_transaction
def forget_absent_sources(db: Session, site: Site) -> None:
    """Take the roles that came from a source which portico.toml names no more."""
    for source in set(db.scalars(select(BroughtRole.source).distinct())) - site.sources.titles.keys():
        people = db.scalars(
            select(Person)
            .join(BroughtRole, BroughtRole.person_id == Person.id)
            .where(BroughtRole.source == source)
            .distinct()
        )
        for person in list(people):
            bring(db, Actor("portico.toml"), person, source, frozenset())


def drop(db: Session, actor: Actor, person: Person, source: str) -> None:
    """Take everything that this source brought, in the caller's transaction."""
    bring(db, actor, person, source, frozenset())
    db.execute(
        delete(BroughtRole).where(
            BroughtRole.person_id == person.id,
            BroughtRole.source == source,
            BroughtRole.role_id.not_in([role.id for role in person.roles]),
        )
    )
