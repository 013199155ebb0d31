"""Roles: those that portico.toml declares, and those that are added beside them."""

from __future__ import annotations

import re

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate.accounts.actions import tidy
from portico.gate.accounts.people import find_roles
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Role, person_role
from portico.gate.policy import ADMIN
from portico.site import Site

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@one_transaction
def declare(db: Session, site: Site) -> None:
    """Bring the declared roles into the database; roles that are declared no longer stay until removed."""
    serialize(db)
    known = {role.name: role for role in db.scalars(select(Role))}
    for name, description in {ADMIN: "", **site.roles}.items():
        if name not in known:
            db.add(Role(name=name, description=description[:200]))
            note(db, Actor("portico.toml"), "role-added", name)
        elif description and known[name].description != description[:200]:
            known[name].description = description[:200]


@one_transaction
def add(db: Session, actor: Actor, name: str, description: str = "") -> Role:
    """Add a role; UserError when the name is taken or cannot be one."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}" cannot be a role: use lower-case letters, digits, "-" and "_", a letter first'
        )
    serialize(db)
    if db.scalar(select(Role).where(Role.name == name)):
        raise UserError(f"there is a role {name} already")
    role = Role(name=name, description=tidy(description))
    db.add(role)
    note(db, actor, "role-added", name)
    return role


@one_transaction
def remove(db: Session, actor: Actor, name: str, site: Site) -> int:
    """Remove a role from everybody and from the site; returns how many people had it."""
    serialize(db)
    role = find_roles(db, [name])[0]
    if name == ADMIN:
        raise UserError("the role admin cannot be removed: a site needs administrators")
    if name in site.roles:
        raise UserError(f"the role {name} is declared in portico.toml; remove it there first")
    had = (
        db.scalar(select(func.count()).select_from(person_role).where(person_role.c.role_id == role.id)) or 0
    )
    db.expunge(role)
    db.execute(delete(Role).where(Role.id == role.id))  # the database takes it from everybody, however many
    db.expire_all()
    note(db, actor, "role-removed", name, people=had)
    return had


def in_use(db: Session) -> list[tuple[Role, int]]:
    """All roles with the number of people who have each, by name."""
    query = (
        select(Role, func.count(person_role.c.person_id))
        .outerjoin(person_role, person_role.c.role_id == Role.id)
        .group_by(Role.id)
        .order_by(Role.name)
    )
    return [(role, count) for role, count in db.execute(query)]
