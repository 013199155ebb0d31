"""One person, as the verbs of `portico user` find them and show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from portico.cli import render
from portico.cli.place import read_place, site_file

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portico.gate.audit import Actor
    from portico.gate.models import Person

Verb = TypeVar("Verb", bound=Callable[..., object])


def of_person(verb: Verb) -> Verb:
    """What every verb about one person takes: the address, --file, --json."""
    return click.argument("email")(site_file(render.json_option(verb)))


@contextmanager
def found(file: Path | None, email: str) -> Iterator[tuple[Session, Actor, Person]]:
    """The site's database, who changes it, and the person with this address. UserError when there is none."""
    from portico.gate.accounts import desk, people
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        yield db, COMMAND_LINE, people.find_person(db, email)


def say(person: Person, what: str, as_json: bool) -> None:
    """What was done with a person."""
    render.either(as_json, as_dict(person), f"{person.email} {what}")


def as_dict(person: Person) -> dict[str, Any]:
    """A person as JSON has them."""
    return {
        "email": person.email,
        "name": person.name,
        "roles": sorted(person.role_names),
        "email_verified": person.email_verified,
        "active": person.active,
        "active_until": moment(person.active_until),
        "last_sign_in": moment(person.last_sign_in_at),
    }


def moment(at: Any) -> str | None:
    """A time as JSON has it."""
    return at.isoformat(timespec="seconds") if at else None
