"""`portico session`: who is signed in, on the site's database, whether or not the site is running."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.place import read_place, site_file
from portico.cli.render import json_option
from portico.errors import UserError

if TYPE_CHECKING:
    from portico.gate.accounts.session_list import OpenSession


@click.group("session", cls=Family)
def command() -> None:
    """List who is signed in, and sign people out."""


@command.command("list")
@click.argument("email", required=False)
@click.option("--address", default="", help="Only sessions that were used last from this network address.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many, at most."
)
@site_file
@json_option
def list_sessions(email: str | None, address: str, limit: int, file: Path | None, as_json: bool) -> None:
    """List open sessions, of everybody or of one person; those used last come first."""
    from portico.gate.accounts import desk, people, session_list

    with desk.open_desk(read_place(file)) as db:
        person = people.find_person(db, email) if email else None
        query = session_list.statement(person=person, address=address)
        ordered = query.order_by(*(key.desc() for key in session_list.KEYS)).limit(limit)
        found = [session_list.shown(*row) for row in db.execute(ordered)]
    if as_json:
        render.as_json([_session(one) for one in found])
        return
    rows = [
        [str(one.number), one.email, one.device, one.used_at.strftime("%Y-%m-%d %H:%M"), one.used_from or "-"]
        for one in found
    ]
    render.table(["SESSION", "PERSON", "DEVICE", "LAST USED (UTC)", "FROM"], rows)


@command.command("end")
@click.argument("number", type=int, required=False)
@click.option("--all-of", "email", help="End all sessions of this person.")
@site_file
@json_option
def end(number: int | None, email: str | None, file: Path | None, as_json: bool) -> None:
    """End one session, by its number, or all of a person; apps close within `check_cache` seconds."""
    from portico.gate.accounts import desk, people, session_actions
    from portico.gate.audit import COMMAND_LINE

    if (number is None) == (email is None):
        raise UserError("name a session's number (`portico session list`), or a person: --all-of EMAIL")
    with desk.open_desk(read_place(file)) as db:
        if number is not None:
            session_actions.end(db, COMMAND_LINE, number)
            ended = 1
        else:
            ended = session_actions.end_all(db, COMMAND_LINE, people.find_person(db, email or ""))
    if as_json:
        render.as_json({"ended": ended})
    else:
        click.echo(f"Ended: {ended}.")


def _session(one: OpenSession) -> dict[str, Any]:
    return {
        "session": one.number,
        "email": one.email,
        "device": one.device,
        "began_at": one.began_at.isoformat(timespec="seconds"),
        "began_from": one.began_from,
        "used_at": one.used_at.isoformat(timespec="seconds"),
        "used_from": one.used_from,
        "ends_by": one.until.isoformat(timespec="seconds"),
        "remembered": one.remembered,
    }
