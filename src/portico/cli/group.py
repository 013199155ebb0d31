"""`portico group`: people who have roles together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.place import read_place, site_file
from portico.cli.render import json_option

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portico.gate.audit import Actor
    from portico.gate.models import Group


@click.group("group", cls=Family)
def command() -> None:
    """Add and remove groups, which give their people roles."""


@contextmanager
def found(file: Path | None, name: str) -> Iterator[tuple[Session, Actor, Group]]:
    """The site's database, who changes it, and the group of this name. UserError when there is none."""
    from portico.gate.accounts import desk, groups
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        yield db, COMMAND_LINE, groups.find_group(db, name)


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
        added = {
            "name": name,
            "description": group.description,
            "roles": groups.role_names(db, group),
        }
    render.either(as_json, added, f"The group {name} is added.")


@command.command("list")
@site_file
@json_option
def list_groups(file: Path | None, as_json: bool) -> None:
    """List groups: the roles that each gives, and how many people are in it."""
    from dataclasses import asdict

    from sqlalchemy import select

    from portico.gate.accounts import desk, group_list
    from portico.gate.models import Group

    with desk.open_desk(read_place(file)) as db:
        groups = group_list.listed(db, db.scalars(select(Group).order_by(Group.name)).all())
    if as_json:
        render.as_json([asdict(one) for one in groups])
        return
    rows = [[one.name, ",".join(one.roles) or "-", str(one.people), one.description] for one in groups]
    render.table(["GROUP", "ROLES", "PEOPLE", "DESCRIPTION"], rows)


@command.command("describe")
@click.argument("name")
@click.argument("description")
@site_file
@json_option
def describe(name: str, description: str, file: Path | None, as_json: bool) -> None:
    """Say who belongs to a group."""
    from portico.gate.accounts import groups

    with found(file, name) as (db, me, group):
        groups.describe(db, me, group, description)
        said = group.description
    render.either(as_json, {"name": name, "description": said}, f"{name}: {said or 'no description'}")


@command.command("roles")
@click.argument("name")
@click.argument("roles", nargs=-1)
@click.option("--none", is_flag=True, help="Let the group give no role.")
@site_file
@json_option
def roles(name: str, roles: Sequence[str], none: bool, file: Path | None, as_json: bool) -> None:
    """Show the roles that a group gives, or let it give just those named."""
    from portico.gate.accounts import groups

    with found(file, name) as (db, me, group):
        if roles or none:
            groups.set_group_roles(db, me, group, roles)
        given = groups.role_names(db, group)
    render.either(as_json, {"name": name, "roles": given}, f"{name}: {', '.join(given) or 'no roles'}")


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

    from portico.gate.accounts import groups
    from portico.gate.accounts.directory import Search
    from portico.gate.models import Person

    with found(file, name) as (db, me, group):
        groups.join(db, me, group, added)
        groups.leave(db, me, group, removed)
        ids = Search(group=name).statement()
        people = list(db.scalars(select(Person.email).where(Person.id.in_(ids)).order_by(Person.email)))
    render.either(as_json, {"name": name, "people": people}, "\n".join(people) or f"Nobody is in {name}.")


@command.command("remove")
@click.argument("name")
@site_file
@json_option
def remove(name: str, file: Path | None, as_json: bool) -> None:
    """Remove a group; its people stay, without the roles that it gave."""
    from portico.gate.accounts import groups

    with found(file, name) as (db, me, _):
        had = groups.remove(db, me, name)
    render.either(
        as_json,
        {"name": name, "people": had},
        f"The group {name} is removed. People who were in it: {had}.",
    )
