"""`portico user`: people, on the site's database, whether or not the site is running."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli import person as one
from portico.cli import render, user_account, user_ways
from portico.cli.family import Family
from portico.cli.person import of_person
from portico.cli.place import read_place, served_url, site_file
from portico.cli.render import json_option
from portico.cli.user_csv import export_people, import_people, search_of, search_options
from portico.errors import UserError

if TYPE_CHECKING:
    from portico.gate.models import Person
    from portico.site import Site


@click.group("user", cls=Family)
def command() -> None:
    """Add, list, change and disable people; bring them in from a file."""


for verb in (import_people, export_people, *user_account.VERBS, *user_ways.VERBS):
    command.add_command(verb)


@command.command("add")
@click.argument("email")
@click.option("--name", default="", help="What the person is called.")
@click.option("--role", "roles", multiple=True, help="A role; may be given several times.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of making a link."
)
@site_file
@json_option
def add(  # noqa: PLR0917  click gives the options by name
    email: str, name: str, roles: Sequence[str], password_stdin: bool, file: Path | None, as_json: bool
) -> None:
    """Add a person, and make the link with which they choose a password."""
    from portico.gate.accounts import actions, desk
    from portico.gate.audit import COMMAND_LINE

    site = read_place(file)
    hashed = _password_from_stdin(site, email, name) if password_stdin else None
    with desk.open_desk(site) as db:
        person = actions.create_person(db, COMMAND_LINE, email, name=name, password_hash=hashed, roles=roles)
        token = None if hashed else actions.issue_reset_link(db, COMMAND_LINE, person)
    link = f"{served_url(site, file)}/-/reset/{token}" if token else None
    if as_json:
        render.as_json(one.as_dict(person) | {"link": link})
    else:
        click.echo(f"{person.email} is added.")
        user_ways.say_link(link)


@command.command("list")
@search_options
@site_file
@json_option
def list_people(  # noqa: PLR0917  click gives the options by name
    words: str, role: str, state: str | None, group: str, file: Path | None, as_json: bool
) -> None:
    """List people with their roles, all or those that are searched for."""
    from sqlalchemy import select

    from portico.gate.accounts import desk
    from portico.gate.models import Person

    with desk.open_desk(read_place(file)) as db:
        ids = search_of(db, words, role, state, group).statement()
        query = select(Person).where(Person.id.in_(ids)).order_by(Person.email)
        people = [one.as_dict(person) for person in db.scalars(query)]
    if as_json:
        render.as_json(people)
        return
    rows = [
        [
            found["email"],
            found["name"] or "-",
            ",".join(found["roles"]) or "-",
            _state(found),
            found["last_sign_in"] or "never",
        ]
        for found in people
    ]
    render.table(["ADDRESS", "NAME", "ROLES", "STATE", "LAST SIGN-IN"], rows)


@command.command("roles")
@of_person
@click.argument("roles", nargs=-1)
@click.option("--add", "added", multiple=True, help="A role to give; may be given several times.")
@click.option("--remove", "removed", multiple=True, help="A role to take away; may be given several times.")
def set_roles(  # noqa: PLR0917  click gives the options by name
    email: str,
    roles: Sequence[str],
    added: Sequence[str],
    removed: Sequence[str],
    file: Path | None,
    as_json: bool,
) -> None:
    """Show a person's roles, set them to just those named, or add and remove some."""
    from portico.gate.accounts import actions

    with one.found(file, email) as (db, me, person):
        if roles or added or removed:
            actions.set_roles(db, me, person, _wanted(person, roles, added, removed))
        names = sorted(person.role_names)
    render.either(as_json, one.as_dict(person), f"{person.email}: {', '.join(names) or 'no roles'}")


def _state(person: dict[str, Any]) -> str:
    if not person["active"]:
        return "disabled"
    return "" if person["email_verified"] else "unverified"


def _wanted(person: Person, roles: Sequence[str], added: Sequence[str], removed: Sequence[str]) -> list[str]:
    if roles and (added or removed):
        raise UserError("name the roles that the person is to have, or use --add and --remove, not both")
    if roles:
        return list(roles)
    if unknown := set(removed) - person.role_names:
        raise UserError(f"{person.email} does not have the role {min(unknown)}")
    return [name for name in sorted(person.role_names) if name not in removed] + list(added)


def _password_from_stdin(site: Site, email: str, name: str) -> str:
    from portico.gate.accounts import context_words, passwords

    text = sys.stdin.readline().rstrip("\r\n")
    if problem := passwords.problem(text, email, name, context_words.of_site(site)):
        raise UserError(f"password: {problem}")
    return passwords.hash_password(text)
