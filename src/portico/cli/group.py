"""`portico group`: people who have roles together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from portico.cli import render
from portico.cli.place import read_place, site_file
from portico.cli.user import json_option


@click.group("group")
def command() -> None:
    """Add and remove groups, which give their people roles."""


@command.command("add")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, help="A role that the group gives; may be given several times."
)
@click.option("--description", default="", help="Who belongs to it.")
@site_file
@json_option
def add(name: str, roles: Sequence[str], description: str, file: Path | None, as_json: bool) -> None:
    """Add a group."""
    from portico.gate.accounts import desk, groups
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        group = groups.add(db, COMMAND_LINE, name, description, roles)
        given = groups.role_names(db, group)
    if as_json:
        render.as_json({"name": name, "description": description, "roles": given})
    else:
        click.echo(f"The group {name} is added.")


@command.command("list")
@site_file
@json_option
def list_groups(file: Path | None, as_json: bool) -> None:
    """List groups: the roles that each gives, and how many people are in it."""
    from sqlalchemy import select

    from portico.gate.accounts import desk, groups
    from portico.gate.models import Group

    with desk.open_desk(read_place(file)) as db:
        found: list[dict[str, Any]] = [
            {
                "name": group.name,
                "description": group.description,
                "roles": groups.role_names(db, group),
                "people": groups.count(db, group),
            }
            for group in db.scalars(select(Group).order_by(Group.name))
        ]
    if as_json:
        render.as_json(found)
        return
    rows = [
        [one["name"], ",".join(one["roles"]) or "-", str(one["people"]), one["description"]] for one in found
    ]
    render.table(["GROUP", "ROLES", "PEOPLE", "DESCRIPTION"], rows)


@command.command("roles")
@click.argument("name")
@click.argument("roles", nargs=-1)
@click.option("--none", is_flag=True, help="Let the group give no role.")
@site_file
@json_option
def roles(name: str, roles: Sequence[str], none: bool, file: Path | None, as_json: bool) -> None:
    """Show the roles that a group gives, or let it give just those named."""
    from portico.gate.accounts import desk, groups
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        group = groups.find_group(db, name)
        if roles or none:
            groups.set_group_roles(db, COMMAND_LINE, group, roles)
        given = groups.role_names(db, group)
    if as_json:
        render.as_json({"name": name, "roles": given})
    else:
        click.echo(f"{name}: {', '.join(given) or 'no roles'}")


@command.command("members")
@click.argument("name")
@click.option("--add", "added", multiple=True, help="A person to put in; may be given several times.")
@click.option("--remove", "removed", multiple=True, help="A person to take out; may be given several times.")
@site_file
@json_option
def members(
    name: str, added: Sequence[str], removed: Sequence[str], file: Path | None, as_json: bool
) -> None:
    """Show who is in a group; put people in and take people out."""
    from sqlalchemy import select

    from portico.gate.accounts import desk, groups
    from portico.gate.audit import COMMAND_LINE
    from portico.gate.models import Person, person_group

    with desk.open_desk(read_place(file)) as db:
        group = groups.find_group(db, name)
        groups.join(db, COMMAND_LINE, group, added)
        groups.leave(db, COMMAND_LINE, group, removed)
        query = select(Person.email).join(person_group, person_group.c.person_id == Person.id)
        found = list(db.scalars(query.where(person_group.c.group_id == group.id).order_by(Person.email)))
    if as_json:
        render.as_json({"name": name, "people": found})
    else:
        click.echo("\n".join(found) or f"Nobody is in {name}.")


@command.command("remove")
@click.argument("name")
@site_file
@json_option
def remove(name: str, file: Path | None, as_json: bool) -> None:
    """Remove a group; its people stay, without the roles that it gave."""
    from portico.gate.accounts import desk, groups
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        had = groups.remove(db, COMMAND_LINE, name)
    if as_json:
        render.as_json({"name": name, "people": had})
    else:
        click.echo(f"The group {name} is removed. People who were in it: {had}.")
