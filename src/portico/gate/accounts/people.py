"""Finding people and roles, with an answer that helps when there is no such one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from portico.errors import UserError
from portico.gate import clock
from portico.gate.models import Person, Role, person_role
from portico.gate.policy import ADMIN

LOOKED_AT = 5000  # how many addresses a suggestion is searched among


def find_person(db: Session, email: str) -> Person:
    """The person with this address; UserError with a suggestion when there is none."""
    wanted = email.strip().lower()
    found = db.scalar(select(Person).where(Person.email == wanted))
    if found is None:
        known = db.scalars(select(Person.email).order_by(Person.id).limit(LOOKED_AT)).all()
        raise UserError(f'no such person: "{email}"{_suggestion(wanted, known)}')
    return found


def find_roles(db: Session, names: Iterable[str]) -> list[Role]:
    """The roles of these names; UserError with a suggestion for the first that does not exist."""
    known = {role.name: role for role in db.scalars(select(Role))}
    for name in names:
        if name not in known:
            near = _suggestion(name, known) or f"; there are {', '.join(sorted(known))}"
            raise UserError(f'no such role: "{name}"{near}')
    return [known[name] for name in dict.fromkeys(names)]


def count_administrators(db: Session, except_for: int | None = None) -> int:
    """How many active people have the role admin for good, not counting the person with this id."""
    query = (
        select(func.count())
        .select_from(Person)
        .join(person_role, person_role.c.person_id == Person.id)
        .join(Role, Role.id == person_role.c.role_id)
        .where(Role.name == ADMIN, Person.active, Person.active_until.is_(None))
    )
    if except_for is not None:
        query = query.where(Person.id != except_for)
    return db.scalar(query) or 0


def may_still_open(by: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a link that this one made, and that lasts for days, opens anything still.

    Who made it must still be an administrator: whoever is one no more has no way back in, and none for others, in a
    link that was kept. What was done at the command line or by a service has no such person.
    """
    maker = exists().where(
        Person.email == by,
        Person.active,
        or_(Person.active_until.is_(None), Person.active_until > clock.now()),
        Person.roles.any(Role.name == ADMIN),
    )
    nobodys = or_(by.contains(" "), ~by.contains("@"))
    return or_(nobodys, maker)


def _suggestion(wrong: str, known: Iterable[str]) -> str:
    close = get_close_matches(wrong, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
