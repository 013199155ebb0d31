"""`portico user` on how a person signs in: which ways there are, taking some away, a link for a new password."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from portico.cli import render
from portico.cli.person import found, moment, of_person, say
from portico.cli.place import read_place, served_url


@click.command("ways")
@of_person
@click.option("--remove", "removed", multiple=True, help="A way to take away, by its name in the list.")
def ways(email: str, removed: Sequence[str], file: Path | None, as_json: bool) -> None:
    """Show how a person signs in: password, accounts elsewhere, passkeys, authenticator app; take some away.

    Whoever loses one is signed out everywhere, and told by mail where the site sends mail.
    """
    from portico.gate.admin import ways

    site = read_place(file)
    with found(file, email) as (db, me, person):
        for name in removed:
            ways.remove(db, me, site, person, name)
        left = ways.ways_of(db, site, person)
    if as_json:
        shown = [
            {
                "name": way.name,
                "kind": way.kind.value,
                "title": way.title,
                "about": way.about,
                "since": moment(way.since),
                "last_used": moment(way.used_at),
            }
            for way in left
        ]
        render.as_json({"email": person.email, "ways": shown})
        return
    rows = [
        [way.name, way.title, way.about or "-", moment(way.since) or "-", moment(way.used_at) or "-"]
        for way in left
    ]
    if rows:
        render.table(["WAY", "TITLE", "ABOUT", "SINCE", "LAST USED"], rows)
    else:
        click.echo(f"{person.email} has no way to sign in; `portico user reset-link` makes one.")


@click.command("reset-second-factor")
@of_person
def reset_second_factor(email: str, file: Path | None, as_json: bool) -> None:
    """Take authenticator app, passkeys and recovery codes of somebody away who has lost them, and sign them out."""
    from portico.gate.factors import actions

    site = read_place(file)
    with found(file, email) as (db, me, person):
        actions.reset_second_factor(db, me, site, person)
    say(person, "signs in with the password alone, until a second factor is set up again.", as_json)


@click.command("reset-link")
@of_person
def reset_link(email: str, file: Path | None, as_json: bool) -> None:
    """Make a link with which a person sets a new password; the old one works until then."""
    from portico.gate.accounts import actions

    with found(file, email) as (db, me, person):
        token = actions.issue_reset_link(db, me, person)
    link = f"{served_url(read_place(file), file)}/-/reset/{token}"
    if as_json:
        render.as_json({"email": person.email, "link": link})
    else:
        say_link(link)


def say_link(link: str | None) -> None:
    """A link for a new password, where there is one."""
    if link is not None:
        click.echo(f"Hand this link over; it works once, for 30 minutes:\n{link}")


VERBS = (ways, reset_second_factor, reset_link)
