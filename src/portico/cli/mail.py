"""`portico mail`: find out whether the site can send mail, and what waits to be sent."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.place import read_place, site_file
from portico.cli.render import json_option


@click.group("mail", cls=Family)
def command() -> None:
    """Try the mail server; see what waits to be sent."""


@command.command("test")
@click.argument("email")
@site_file
def test(email: str, file: Path | None) -> None:
    """Send a mail to EMAIL now, and say what the mail server says."""
    from portico.gate.mail.trial import send_trial

    site = read_place(file)
    server = send_trial(site, email)
    click.echo(f"{server} has taken the mail for {email}.")


@command.command("queue")
@site_file
@json_option
def queue(file: Path | None, as_json: bool) -> None:
    """List the mails that could not be sent yet, and why. What they say is not shown."""
    from sqlalchemy import select

    from portico.gate.accounts import desk
    from portico.gate.models import OutgoingMail

    with desk.open_desk(read_place(file)) as db:
        waiting = [
            {
                "number": one.id,
                "written": one.created_at.isoformat(timespec="seconds"),
                "tries": one.tries,
                "next_try": one.next_try_at.isoformat(timespec="seconds"),
                "fault": one.fault,
            }
            for one in db.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
        ]
    if as_json:
        render.as_json(waiting)
        return
    rows = [[str(value) or "-" for value in one.values()] for one in waiting]
    render.table(["NUMBER", "WRITTEN", "TRIES", "NEXT TRY", "FAULT"], rows)
