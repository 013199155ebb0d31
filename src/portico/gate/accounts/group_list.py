"""The list of groups: what each gives, and how many people are in it. Made for a hundred thousand of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from portico.gate.models import Group, Role, group_role, person_group
from portico.gate.paging import Page, contains
from portico.site import Site


@dataclass(frozen=True, slots=True)
class Listed:
    """A group as lists show it."""

    name: str
    description: str
    roles: tuple[str, ...]
    people: int


def statement(words: str = "") -> Select[Group]:
    """The groups with these words in name or description, in no order yet; list them by name."""
    found = select(Group)
    for word in words.split()[:8]:
        found = found.where(
            or_(
                contains(func.lower(Group.name), word.lower()),
                contains(func.lower(Group.description), word.lower()),
            )
        )
    return found


def listed(db: Session, groups: Sequence[Group]) -> list[Listed]:
    """The same groups with their roles and people."""
    ids = [group.id for group in groups]
    given = (
        select(group_role.c.group_id, Role.name)
        .join(Role, Role.id == group_role.c.role_id)
        .where(group_role.c.group_id.in_(ids))
        .order_by(Role.name)
    )
    roles: dict[int, list[str]] = {}
    for number, name in db.execute(given):
        roles.setdefault(number, []).append(name)
    counts = (
        select(person_group.c.group_id, func.count())
        .where(person_group.c.group_id.in_(ids))
        .group_by(person_group.c.group_id)
    )
    people: dict[int, int] = {row[0]: row[1] for row in db.execute(counts)}
    return [
        Listed(group.name, group.description, tuple(roles.get(group.id, ())), people.get(group.id, 0))
        for group in groups
    ]


def page(db: Session, found: Page[Group]) -> Page[Listed]:
    """A page of groups with what lists show of them."""
    return Page(tuple(listed(db, found.rows)), found.previous, found.next, found.arguments)


def opened_by(site: Site, roles: Sequence[str]) -> list[str]:
    """The titles of the apps, and of the paths in them, whose access in portico.toml names one of these roles."""
    held, found = set(roles), []
    for app in site.apps:
        found += [app.title] if app.access.roles & held else []
        found += [f"{app.title} {rule.path}" for rule in app.paths if rule.access.roles & held]
    return found
