"""`portico token`: API tokens of people and services, on the site's database, whether or not the site is running."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.moments import span_of
from portico.cli.place import read_place, site_file
from portico.cli.render import json_option
from portico.errors import UserError


@click.group("token", cls=Family)
def command() -> None:
    """Make, list and revoke API tokens."""


@command.command("new")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="apps, app:NAME, embed:NAME, api or api:read; may be given several times.",
)
@click.option("--for", "email", help="The person in whose name it acts; otherwise it is a service's.")
@click.option("--role", "roles", multiple=True, help="A role of the service; may be given several times.")
@click.option("--lasts", default="30d", show_default=True, help="How long it is good.")
@site_file
@json_option
def new(  # noqa: PLR0917  click gives the options by name
    name: str,
    scopes: Sequence[str],
    email: str | None,
    roles: Sequence[str],
    lasts: str,
    file: Path | None,
    as_json: bool,
) -> None:
    """Make a token called NAME, and print it this once."""
    from portico.gate.accounts import desk, people
    from portico.gate.audit import COMMAND_LINE
    from portico.gate.tokens import actions, listing

    if email and roles:
        raise UserError("a person's token has the person's roles; --role is for a service")
    site, span = read_place(file), span_of(lasts)
    with desk.open_desk(site) as db:
        if email:
            person = people.find_person(db, email)
            text, row = actions.issue_personal(db, COMMAND_LINE, site, person, name, scopes, span)
            shown = listing.as_dict(row, person)
        else:
            text, row = actions.issue_service(db, COMMAND_LINE, site, name, scopes, span, roles)
            shown = listing.as_dict(row, None)
    if as_json:
        render.as_json(shown | {"token": text})
    else:
        click.echo(
            f"Copy it now, it is not shown again. It is good until {row.expires_at:%Y-%m-%d %H:%M} UTC:"
        )
        click.echo(text)


@command.command("list")
@click.option("--of", "email", help="Only this person's.")
@click.option("--services", is_flag=True, help="Only those of services.")
@site_file
@json_option
def list_tokens(email: str | None, services: bool, file: Path | None, as_json: bool) -> None:
    """List tokens, newest first; their text is nowhere."""
    from portico.gate.accounts import desk, people
    from portico.gate.models import ApiToken
    from portico.gate.tokens import listing

    with desk.open_desk(read_place(file)) as db:
        owner = people.find_person(db, email) if email else None
        query = listing.statement(of=owner, services=services).order_by(ApiToken.id.desc())
        found = [listing.as_dict(row, person) for row, person in db.execute(query)]
    if as_json:
        render.as_json(found)
        return
    rows = [
        [
            str(one["id"]),
            one["name"],
            one["hint"],
            one["person"] or f"service ({','.join(one['roles']) or 'no roles'})",
            ",".join(one["scopes"]),
            one["expires_at"],
            one["last_used_at"] or "never",
        ]
        for one in found
    ]
    render.table(["NUMBER", "NAME", "TOKEN", "WHOSE", "FOR", "UNTIL", "LAST USED"], rows)


@command.command("revoke")
@click.argument("token")
@site_file
@json_option
def revoke(token: str, file: Path | None, as_json: bool) -> None:
    """End a token: TOKEN is its number in the list, or, when it has leaked, the token itself."""
    from portico.gate.accounts import desk
    from portico.gate.audit import COMMAND_LINE
    from portico.gate.tokens import actions

    with desk.open_desk(read_place(file)) as db:
        number = actions.find_number(db, token)
        name = actions.revoke(db, COMMAND_LINE, number)
    render.either(
        as_json, {"id": number, "name": name, "revoked": True}, f'The token {number}, "{name}", is revoked.'
    )
