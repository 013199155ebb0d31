"""`portico access`: who may enter an app, and why somebody may or may not."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.place import read_place, site_file
from portico.cli.render import json_option
from portico.cli.share import find_app
from portico.errors import UserError

STRANGER = "stranger"
SHOWN = 1000  # people in the list for a person; --json has all


@click.group("access", cls=Family)
def command() -> None:
    """Explain who may enter which app."""


@command.command("who")
@click.argument("app")
@click.argument("path", default="/")
@site_file
@json_option
def who(app: str, path: str, file: Path | None, as_json: bool) -> None:
    """List everybody who may enter APP, or what lies at PATH inside it, with the reason."""
    from portico.gate import explanation
    from portico.gate.accounts import desk
    from portico.site.path_rules import access_of, rule_of

    site = read_place(file)
    found, plain = find_app(site, app), _plain(path)
    access = access_of(found, rule_of(found, plain))
    everybody = access is not None and (access.public or access.known)
    with desk.open_desk(site) as db:
        others = explanation.others(db, found, plain)
        entries = explanation.who(db, found, plain)
        people = list(entries if as_json else islice(entries, SHOWN))
        total = explanation.count_people(db)
    if as_json:
        render.as_json(
            {
                "app": app,
                "path": plain,
                "everybody": everybody,
                "people": [{"email": one.who, "reason": one.reason} for one in people],
                "services": [{"name": one.who, "reason": one.reason} for one in others.services],
                "share_links": others.share_links,
            }
        )
        return
    if everybody:
        click.echo("Everybody may enter, with or without an account.")
        return
    if access is not None and access.signed_in:
        click.echo(f"Everybody who is signed in may enter: {total} accounts.")
    else:
        render.table(["WHO", "WHY"], [[one.who, one.reason] for one in (*people, *others.services)])
        if len(people) == SHOWN:
            click.echo(f"The first {SHOWN}; --json lists all.")
    if others.share_links:
        click.echo(f"Share links that open it, too: {others.share_links}.")


@command.command("why")
@click.argument("email")
@click.argument("app")
@click.argument("path", default="/")
@site_file
@json_option
def why(email: str, app: str, path: str, file: Path | None, as_json: bool) -> int:
    """Say whether EMAIL (or "stranger") may enter APP at PATH, and why.

    Exits with 0 when they may, with 1 when not.
    """
    from portico.gate import explanation
    from portico.gate.accounts import desk, people

    site = read_place(file)
    found, plain = find_app(site, app), _plain(path)
    with desk.open_desk(site) as db:
        person = None if email == STRANGER else people.find_person(db, email)
        decision, facts = explanation.why(db, found, plain, person)
    if as_json:
        outcome, reason = decision.outcome.value, decision.reason
        render.as_json(
            {"who": email, "app": app, "path": plain, "outcome": outcome, "reason": reason, "facts": facts}
        )
    else:
        answer = {"enter": "yes", "sign-in": "no, not before signing in", "forbidden": "no"}[decision.outcome]
        click.echo(f"{email} at {app} {plain}: {answer}: {decision.reason}")
        for fact in facts:
            click.echo(f"  {fact}")
    return 0 if decision.enters else 1


def _plain(path: str) -> str:
    from portico.site.path_rules import plain_path
    from portico.site.problems import Wrong

    try:
        return plain_path(path)
    except Wrong as wrong:
        raise UserError(str(wrong)) from None
