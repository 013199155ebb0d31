"""`portico user import` and `export`: people from a CSV file and into one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from portico.cli import render
from portico.cli.place import read_place, served_url, site_file
from portico.errors import UserError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portico.gate.roster import Plan

SHOWN = 100  # changes on a terminal
STATES = ("active", "disabled", "unverified", "never-signed-in")
Verb = TypeVar("Verb", bound=Callable[..., object])


def search_options(verb: Verb) -> Verb:
    """The options that narrow a list of people."""
    verb = click.option("--group", default="", help="Only people in this group.")(verb)
    verb = click.option("--state", type=click.Choice(STATES), help="Only accounts in this state.")(verb)
    verb = click.option("--role", default="", help="Only people with this role.")(verb)
    return click.option(
        "--search", "words", default="", help="Only people with these words in address or name."
    )(verb)


@click.command("import")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--invite", is_flag=True, help="Mail the new people links to choose a password; without mail, print them."
)
@site_file
@render.json_option
def import_people(source: Path, dry_run: bool, invite: bool, file: Path | None, as_json: bool) -> None:
    """Add and change people as a CSV file says; "-" reads standard input.

    The first line names the columns: email, and any of name, roles ("analyst;editor"), state (active, disabled) and
    until (2030-12-31, never). Whoever is not in the file stays as they are. All lines are carried out, or none.
    """
    from portico.gate import mail, roster
    from portico.gate.accounts import desk
    from portico.gate.audit import COMMAND_LINE

    people, site = roster.read(_bytes_of(source)), read_place(file)
    with desk.open_desk(site) as db:
        plan = roster.bring_in(db, COMMAND_LINE, people, dry_run=dry_run, invited=invite)
    mailed = mail.configured(site)
    place = f"{served_url(site, file)}/-/reset/"
    links = [] if mailed else [{"email": email, "link": place + token} for email, token in plan.links]
    if as_json:
        lines = [
            {"line": one.line, "email": one.email, "change": one.words}
            for one in (*plan.added, *plan.changed)
        ]
        shown = {"dry_run": dry_run, "same": plan.same, "changes": lines}
        render.as_json(shown | {"mailed": len(plan.links) if mailed else 0, "links": links})
        return
    _tell(plan, dry_run)
    if plan.links and mailed:
        click.echo(f"{len(plan.links)} mails are on their way.")
    elif links:
        click.echo("Hand each of them their link; it works once, for 7 days:", err=True)
        for one in links:
            click.echo(f"{one['email']},{one['link']}")


@click.command("export")
@click.argument("target", metavar="[FILE]", type=click.Path(path_type=Path, dir_okay=False), required=False)
@search_options
@site_file
def export_people(  # noqa: PLR0917  click gives the options by name
    target: Path | None, words: str, role: str, state: str | None, group: str, file: Path | None
) -> None:
    """Write people as CSV to a new file, or to standard output."""
    from portico.gate import roster
    from portico.gate.accounts import desk

    with desk.open_desk(read_place(file)) as db:
        lines = roster.write(db, search_of(db, words, role, state, group))
        if target is None:
            for text in lines:
                sys.stdout.write(text.replace("\r\n", "\n"))
            return
        try:
            target.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            raise UserError(f"{target}: is there already; name a new file") from None
        except OSError as error:
            raise UserError(f"{target}: {error.strerror}") from None
        with target.open("w", encoding="utf-8", newline="") as output:
            output.writelines(lines)


def _tell(plan: Plan, dry_run: bool) -> None:
    """What was changed, or would be; on standard error where links follow on the other."""
    changes = [*plan.added, *plan.changed]
    if dry_run:
        for one in changes[:SHOWN]:
            click.echo(f"line {one.line}: {one.email}: {one.words}")
        if len(changes) > SHOWN:
            click.echo(f"and {len(changes) - SHOWN} more")
    done = "would be" if dry_run else "are"
    text = f"{len(plan.added)} {done} added, {len(plan.changed)} {done} changed, "
    click.echo(f"{text}{plan.same} are as the file says already.", err=bool(plan.links))


def _bytes_of(source: Path) -> bytes:
    if str(source) == "-":
        return sys.stdin.buffer.read()
    try:
        return source.read_bytes()
    except OSError as error:
        raise UserError(f"{source}: {error.strerror or error}") from None


def search_of(db: Session, words: str, role: str, state: str | None, group: str) -> Any:
    """What the options ask of the directory of people. UserError: a mistyped role or group is no empty list."""
    from portico.gate.accounts import groups, people
    from portico.gate.accounts.directory import Search, State

    if role:
        people.find_roles(db, [role])
    if group:
        groups.find_group(db, group)
    return Search(words, role, State(state) if state else None, group)
