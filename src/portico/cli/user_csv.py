"""`portico user import` and `export`: people from a CSV file and into one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from portico.cli import render
from portico.cli.place import read_place, site_file
from portico.errors import UserError

SHOWN = 100  # changes on a terminal
STATES = ("active", "disabled", "unverified", "never-signed-in")
Verb = TypeVar("Verb", bound=Callable[..., object])


def search_options(verb: Verb) -> Verb:
    """The options that narrow a list of people."""
    verb = click.option("--state", type=click.Choice(STATES), help="Only accounts in this state.")(verb)
    verb = click.option("--role", default="", help="Only people with this role.")(verb)
    return click.option(
        "--search", "words", default="", help="Only people with these words in address or name."
    )(verb)


@click.command("import")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@site_file
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_people(source: Path, dry_run: bool, file: Path | None, as_json: bool) -> None:
    """Add and change people as a CSV file says; "-" reads standard input.

    The first line names the columns: email, and any of name, roles ("analyst;editor") and state (active, disabled).
    Whoever is not in the file stays as they are. All lines are carried out, or none.
    """
    from portico.gate import roster
    from portico.gate.accounts import desk
    from portico.gate.audit import COMMAND_LINE

    people = roster.read(_bytes_of(source))
    with desk.open_desk(read_place(file)) as db:
        plan = roster.bring_in(db, COMMAND_LINE, people, dry_run=dry_run)
    changes = [*plan.added, *plan.changed]
    if as_json:
        lines = [{"line": one.line, "email": one.email, "change": one.words} for one in changes]
        render.as_json({"dry_run": dry_run, "same": plan.same, "changes": lines})
        return
    if dry_run:
        for one in changes[:SHOWN]:
            click.echo(f"line {one.line}: {one.email}: {one.words}")
        if len(changes) > SHOWN:
            click.echo(f"and {len(changes) - SHOWN} more")
    done = "would be" if dry_run else "are"
    click.echo(
        f"{len(plan.added)} {done} added, {len(plan.changed)} {done} changed, "
        f"{plan.same} are as the file says already."
    )


@click.command("export")
@click.argument("target", metavar="[FILE]", type=click.Path(path_type=Path, dir_okay=False), required=False)
@search_options
@site_file
def export_people(target: Path | None, words: str, role: str, state: str | None, file: Path | None) -> None:
    """Write people as CSV to a new file, or to standard output."""
    from portico.gate import roster
    from portico.gate.accounts import desk

    with desk.open_desk(read_place(file)) as db:
        lines = roster.write(db, search_of(words, role, state))
        if target is None:
            for text in lines:
                sys.stdout.write(text.replace("\r\n", "\n"))
            return
        try:
            target.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            raise UserError(f"{target}: is there already; name a new file") from None
        with target.open("w", encoding="utf-8", newline="") as output:
            output.writelines(lines)


def _bytes_of(source: Path) -> bytes:
    if str(source) == "-":
        return sys.stdin.buffer.read()
    try:
        return source.read_bytes()
    except OSError as error:
        raise UserError(f"{source}: {error.strerror or error}") from None


def search_of(words: str, role: str, state: str | None) -> Any:
    """What the options ask of the directory of people."""
    from portico.gate.accounts.directory import Search, State

    return Search(words, role, State(state) if state else None)
