"""Groups: people who have roles together. What a group gives comes and goes with the membership."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sqlalchemy import delete, func, insert, select, union
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate.accounts.actions import tidy
from portico.gate.accounts.people import find_person, find_roles
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Group, Person, Role, group_role, person_group, person_role
from portico.gate.policy import ADMIN

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)


def roles_of(db: Session, person: Person) -> frozenset[str]:
    """The names of all roles of a person: the own ones and those of the groups."""
    own = select(person_role.c.role_id).where(person_role.c.person_id == person.id)
    given = (
        select(group_role.c.role_id)
        .join(person_group, person_group.c.group_id == group_role.c.group_id)
        .where(person_group.c.person_id == person.id)
    )
    return frozenset(db.scalars(select(Role.name).where(Role.id.in_(union(own, given)))))


def groups_of(db: Session, person: Person) -> list[str]:
    """The names of the groups that a person is in."""
    query = select(Group.name).join(person_group, person_group.c.group_id == Group.id)
    return list(db.scalars(query.where(person_group.c.person_id == person.id).order_by(Group.name)))


def find_group(db: Session, name: str) -> Group:
    """The group of this name; UserError with a suggestion when there is none."""
    found = db.scalar(select(Group).where(Group.name == name))
    if found is None:
        close = get_close_matches(name, db.scalars(select(Group.name).limit(1000)).all(), n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        raise UserError(f'no such group: "{name}"{hint}')
    return found


@one_transaction
def add(db: Session, actor: Actor, name: str, description: str = "", roles: Iterable[str] = ()) -> Group:
    """Add a group that gives these roles; UserError when the name is taken or cannot be one."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}" cannot be a group: use lower-case letters, digits, "-" and "_", a letter first'
        )
    serialize(db)
    if db.scalar(select(Group.id).where(Group.name == name)):
        raise UserError(f"there is a group {name} already")
    wanted = _grantable(db, roles)
    group = Group(name=name, description=tidy(description))
    db.add(group)
    db.flush()
    _give(db, group, wanted)
    note(db, actor, "group-added", name, roles=sorted(role.name for role in wanted))
    return group


@one_transaction
def describe(db: Session, actor: Actor, group: Group, description: str) -> None:
    """Say who belongs to the group."""
    wanted = tidy(description)
    if group.description != wanted:
        group.description = wanted
        note(db, actor, "group-described", group.name)


@one_transaction
def set_group_roles(db: Session, actor: Actor, group: Group, roles: Iterable[str]) -> None:
    """Let the group give exactly these roles."""
    serialize(db)
    wanted = _grantable(db, roles)
    before = frozenset(role_names(db, group))
    after = frozenset(role.name for role in wanted)
    if before == after:
        return
    db.execute(delete(group_role).where(group_role.c.group_id == group.id))
    _give(db, group, wanted)
    note(
        db,
        actor,
        "group-roles-changed",
        group.name,
        added=sorted(after - before),
        removed=sorted(before - after),
    )


@one_transaction
def remove(db: Session, actor: Actor, name: str) -> int:
    """Remove a group; the people stay. Returns how many were in it."""
    serialize(db)
    group = find_group(db, name)
    had = count(db, group)
    db.delete(group)
    note(db, actor, "group-removed", name, people=had)
    return had


@one_transaction
def join(db: Session, actor: Actor, group: Group, emails: Iterable[str]) -> int:
    """Put people into a group; returns how many were not in it before."""
    serialize(db)
    joined = 0
    for email in dict.fromkeys(emails):
        person = find_person(db, email)
        if _is_in(db, group, person):
            continue
        db.execute(insert(person_group).values(person_id=person.id, group_id=group.id))
        note(db, actor, "group-joined", person.email, group=group.name)
        joined += 1
    return joined


@one_transaction
def leave(db: Session, actor: Actor, group: Group, emails: Iterable[str]) -> int:
    """Take people out of a group; returns how many were in it."""
    serialize(db)
    left = 0
    for email in dict.fromkeys(emails):
        person = find_person(db, email)
        if not _is_in(db, group, person):
            continue
        match = (person_group.c.person_id == person.id) & (person_group.c.group_id == group.id)
        db.execute(delete(person_group).where(match))
        note(db, actor, "group-left", person.email, group=group.name)
        left += 1
    return left


def role_names(db: Session, group: Group) -> list[str]:
    """The roles that a group gives."""
    query = select(Role.name).join(group_role, group_role.c.role_id == Role.id)
    return list(db.scalars(query.where(group_role.c.group_id == group.id).order_by(Role.name)))


def count(db: Session, group: Group) -> int:
    """How many people are in a group."""
    members = select(func.count()).select_from(person_group).where(person_group.c.group_id == group.id)
    return db.scalar(members) or 0


def _is_in(db: Session, group: Group, person: Person) -> bool:
    match = (person_group.c.person_id == person.id) & (person_group.c.group_id == group.id)
    return db.scalar(select(person_group.c.person_id).where(match)) is not None


def _grantable(db: Session, roles: Iterable[str]) -> list[Role]:
    """The roles, none of them admin: who runs the site is said of each person by itself."""
    wanted = find_roles(db, list(roles))
    if any(role.name == ADMIN for role in wanted):
        raise UserError("a group cannot give the role admin: make people administrators one by one")
    return wanted


def _give(db: Session, group: Group, roles: Iterable[Role]) -> None:
    for role in roles:
        db.execute(insert(group_role).values(group_id=group.id, role_id=role.id))
