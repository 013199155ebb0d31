"""`portico user`: people, on the site's database, whether or not the site is running."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli import render
from portico.cli.place import read_place, served_url, site_file
from portico.cli.user_csv import export_people, import_people, search_of, search_options
from portico.errors import UserError

if TYPE_CHECKING:
    from portico.gate.models import Person

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("user")
def command() -> None:
    """Add, list, change and disable people; bring them in from a file."""


command.add_command(import_people)
command.add_command(export_people)


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
    hashed = _password_from_stdin(email, name) if password_stdin else None
    with desk.open_desk(site) as db:
        person = actions.create_person(db, COMMAND_LINE, email, name=name, password_hash=hashed, roles=roles)
        token = None if hashed else actions.issue_reset_link(db, COMMAND_LINE, person)
    link = f"{served_url(site, file)}/-/reset/{token}" if token else None
    if as_json:
        render.as_json(_person(person) | {"link": link})
    else:
        click.echo(f"{person.email} is added.")
        _say_link(link)


@command.command("list")
@search_options
@site_file
@json_option
def list_people(words: str, role: str, state: str | None, file: Path | None, as_json: bool) -> None:
    """List people with their roles, all or those that are searched for."""
    from sqlalchemy import select

    from portico.gate.accounts import desk
    from portico.gate.models import Person

    with desk.open_desk(read_place(file)) as db:
        found = search_of(words, role, state).statement()
        query = select(Person).where(Person.id.in_(found)).order_by(Person.email)
        people = [_person(person) for person in db.scalars(query)]
    if as_json:
        render.as_json(people)
        return
    rows = [
        [
            one["email"],
            one["name"] or "-",
            ",".join(one["roles"]) or "-",
            _state(one),
            one["last_sign_in"] or "never",
        ]
        for one in people
    ]
    render.table(["ADDRESS", "NAME", "ROLES", "STATE", "LAST SIGN-IN"], rows)


@command.command("roles")
@click.argument("email")
@click.argument("roles", nargs=-1)
@click.option("--add", "added", multiple=True, help="A role to give; may be given several times.")
@click.option("--remove", "removed", multiple=True, help="A role to take away; may be given several times.")
@site_file
@json_option
def set_roles(  # noqa: PLR0917  click gives the options by name
    email: str,
    roles: Sequence[str],
    added: Sequence[str],
    removed: Sequence[str],
    file: Path | None,
    as_json: bool,
) -> None:
    """Show a person's roles, set them to just those named, or add and remove some."""
    from portico.gate.accounts import actions, desk, people
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        if roles or added or removed:
            wanted = _wanted(person, roles, added, removed)
            actions.set_roles(db, COMMAND_LINE, person, wanted)
        shown = _person(person)
    if as_json:
        render.as_json(shown)
    else:
        click.echo(f"{shown['email']}: {', '.join(shown['roles']) or 'no roles'}")


@command.command("disable")
@click.argument("email")
@site_file
@json_option
def disable(email: str, file: Path | None, as_json: bool) -> None:
    """Close an account: the person is signed out everywhere and cannot sign in."""
    from portico.gate.accounts import actions, desk, people
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        actions.disable(db, COMMAND_LINE, person)
    _say(person, "is disabled.", as_json)


@command.command("enable")
@click.argument("email")
@site_file
@json_option
def enable(email: str, file: Path | None, as_json: bool) -> None:
    """Open an account again."""
    from portico.gate.accounts import actions, desk, people
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        actions.enable(db, COMMAND_LINE, person)
    _say(person, "is enabled.", as_json)


@command.command("verify")
@click.argument("email")
@site_file
@json_option
def verify(email: str, file: Path | None, as_json: bool) -> None:
    """Vouch for it that the address of a person who signed up by themselves is theirs."""
    from portico.gate.accounts import actions, desk, people
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        actions.verify_address(db, COMMAND_LINE, person)
    _say(person, "is verified.", as_json)


@command.command("address")
@click.argument("email")
@click.argument("new")
@site_file
@json_option
def address(email: str, new: str, file: Path | None, as_json: bool) -> None:
    """Move an account to another address, for which you vouch; the old one is told by mail."""
    from portico.gate.accounts import desk, people, proofs
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        proofs.change_address(db, COMMAND_LINE, person, new)
    _say(person, "is the address now.", as_json)


@command.command("delete")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@site_file
@json_option
def delete(email: str, yes: bool, file: Path | None, as_json: bool) -> None:
    """Delete an account with everything that belongs to it; the audit stays. To close one, disable it."""
    from portico.gate.accounts import desk, my_data, people
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        shown = _person(person)
        if not yes:
            click.confirm(f"Delete {person.email} for good?", abort=True, err=True)
        my_data.delete_person(db, COMMAND_LINE, person)
    if as_json:
        render.as_json(shown)
    else:
        click.echo(f"{shown['email']} is deleted.")


@command.command("reset-second-factor")
@click.argument("email")
@site_file
@json_option
def reset_second_factor(email: str, file: Path | None, as_json: bool) -> None:
    """Take authenticator app, passkeys and recovery codes of somebody away who has lost them, and sign them out."""
    from portico.gate.accounts import desk, people
    from portico.gate.audit import COMMAND_LINE
    from portico.gate.factors import actions

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        actions.reset_second_factor(db, COMMAND_LINE, person)
    _say(person, "signs in with the password alone, until a second factor is set up again.", as_json)


@command.command("until")
@click.argument("email")
@click.argument("moment")
@site_file
@json_option
def until(email: str, moment: str, file: Path | None, as_json: bool) -> None:
    """Make a person a guest, whose account ends at MOMENT: 2030-12-31, 2030-12-31T18:00Z, 30d, or "never"."""
    from portico.cli.moments import moment_of
    from portico.gate.accounts import desk, ends, people
    from portico.gate.audit import COMMAND_LINE

    end = None if moment == "never" else moment_of(moment)
    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email)
        ends.set_end(db, COMMAND_LINE, person, end)
    _say(person, f"ends at {end:%Y-%m-%d %H:%M} UTC." if end else "has no end.", as_json)


@command.command("reset-link")
@click.argument("email")
@site_file
@json_option
def reset_link(email: str, file: Path | None, as_json: bool) -> None:
    """Make a link with which a person sets a new password; the old one works until then."""
    from portico.gate.accounts import actions, desk, people
    from portico.gate.audit import COMMAND_LINE

    site = read_place(file)
    with desk.open_desk(site) as db:
        person = people.find_person(db, email)
        token = actions.issue_reset_link(db, COMMAND_LINE, person)
    link = f"{served_url(site, file)}/-/reset/{token}"
    if as_json:
        render.as_json({"email": person.email, "link": link})
    else:
        _say_link(link)


def _say(person: Person, what: str, as_json: bool) -> None:
    if as_json:
        render.as_json(_person(person))
    else:
        click.echo(f"{person.email} {what}")


def _say_link(link: str | None) -> None:
    if link is not None:
        click.echo(f"Hand this link over; it works once, for 30 minutes:\n{link}")


def _person(person: Person) -> dict[str, Any]:
    last = person.last_sign_in_at
    return {
        "email": person.email,
        "name": person.name,
        "roles": sorted(person.role_names),
        "email_verified": person.email_verified,
        "active": person.active,
        "active_until": person.active_until.isoformat(timespec="seconds") if person.active_until else None,
        "last_sign_in": last.isoformat(timespec="seconds") if last else None,
    }


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


def _password_from_stdin(email: str, name: str) -> str:
    from portico.gate.accounts import passwords

    text = sys.stdin.readline().rstrip("\r\n")
    if problem := passwords.problem(text, email, name):
        raise UserError(f"password: {problem}")
    return passwords.hash_password(text)
