"""`portico role`: roles, on the site's database, whether or not the site is running."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.place import read_place, site_file
from portico.cli.render import json_option


@click.group("role", cls=Family)
def command() -> None:
    """Add, list and remove roles."""


@command.command("add")
@click.argument("name")
@click.option("--description", default="", help="What the role is for.")
@site_file
@json_option
def add(name: str, description: str, file: Path | None, as_json: bool) -> None:
    """Add a role."""
    from portico.gate.accounts import desk, roles
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        role = roles.add(db, COMMAND_LINE, name, description)
        added = {"name": role.name, "description": role.description}
    render.either(as_json, added, f"The role {name} is added.")


@command.command("list")
@site_file
@json_option
def list_roles(file: Path | None, as_json: bool) -> None:
    """List roles: how many people have each, and which apps it opens."""
    from portico.gate.accounts import desk, roles

    site = read_place(file)
    with desk.open_desk(site) as db:
        found: list[dict[str, Any]] = [
            {
                "name": role.name,
                "description": role.description,
                "people": count,
                "apps": [app.name for app in site.apps if role.name in app.access.roles],
            }
            for role, count in roles.in_use(db)
        ]
    if as_json:
        render.as_json(found)
        return
    rows = [
        [str(r["name"]), str(r["people"]), ",".join(r["apps"]) or "-", str(r["description"])] for r in found
    ]
    render.table(["ROLE", "PEOPLE", "APPS", "DESCRIPTION"], rows)


@command.command("remove")
@click.argument("name")
@site_file
@json_option
def remove(name: str, file: Path | None, as_json: bool) -> None:
    """Remove a role from everybody and from the site."""
    from portico.gate.accounts import desk, roles
    from portico.gate.audit import COMMAND_LINE

    site = read_place(file)
    with desk.open_desk(site) as db:
        had = roles.remove(db, COMMAND_LINE, name, site)
    render.either(
        as_json,
        {"name": name, "people": had},
        f"The role {name} is removed; {had} {'person' if had == 1 else 'people'} had it.",
    )
