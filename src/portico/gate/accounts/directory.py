"""The directory of people: searching and filtering it. Made for a hundred thousand of them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from portico.gate.models import Group, Person, Role, person_group, person_role
from portico.gate.paging import Page, contains

WORDS = 8  # of a search; more would only make it slow


class State(StrEnum):
    """What a person's account can be."""

    ACTIVE = "active"
    DISABLED = "disabled"
    UNVERIFIED = "unverified"
    NEVER = "never-signed-in"


STATES: dict[str, ColumnElement[bool]] = {
    State.ACTIVE: Person.active.is_(True),
    State.DISABLED: Person.active.is_(False),
    State.UNVERIFIED: Person.email_verified.is_(False),
    State.NEVER: Person.last_sign_in_at.is_(None),
}


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked of the directory: words in address and name, an own role, a state, a group. "" and None: all."""

    words: str = ""
    role: str = ""
    state: State | None = None
    group: str = ""

    @property
    def narrow(self) -> bool:
        """Whether it leaves anybody out."""
        return bool(self.words.strip() or self.role or self.state or self.group)

    def statement(self) -> Select[int]:
        """The ids of the people it finds, in no order yet; list them by address.

        Ids alone: the index `ix_person_directory` answers that without a look at each person.
        """
        found = select(Person.id)
        for word in plain(self.words).split()[:WORDS]:
            found = found.where(contains(Person.found_by, word))
        if self.role:
            found = found.where(Person.id.in_(_with_role(self.role)))
        if self.state is not None:
            found = found.where(STATES[self.state])
        if self.group:
            found = found.where(Person.id.in_(_in_group(self.group)))
        return found


def people(db: Session, page: Page[int]) -> Page[Person]:
    """The same page of a list with the people themselves in place of their ids."""
    found = {one.id: one for one in db.scalars(select(Person).where(Person.id.in_(page.rows)))}
    rows = tuple(found[number] for number in page.rows if number in found)
    return Page(rows, page.previous, page.next, page.arguments)


def plain(text: str) -> str:
    """Without case and accents, as `found_by` is kept."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter) and letter != "\0")


def _with_role(name: str) -> Select[Any]:
    return (
        select(person_role.c.person_id).join(Role, Role.id == person_role.c.role_id).where(Role.name == name)
    )


def _in_group(name: str) -> Select[Any]:
    return (
        select(person_group.c.person_id)
        .join(Group, Group.id == person_group.c.group_id)
        .where(Group.name == name)
    )
