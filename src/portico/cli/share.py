"""`portico share`: links that open one app without an account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.moments import span_of
from portico.cli.place import read_place, served_url, site_file
from portico.cli.render import json_option
from portico.errors import UserError
from portico.site import App, Site
from portico.site.problems import suggestion

if TYPE_CHECKING:
    from portico.gate.models import ShareLink


@click.group("share", cls=Family)
def command() -> None:
    """Share an app by a link that needs no account; list and revoke such links."""


@command.command("new")
@click.argument("app")
@click.option("--path", default="/", show_default=True, help="Where in the app the link leads.")
@click.option("--lasts", default="7d", show_default=True, help="How long the link is good.")
@click.option("--note", default="", help="For whom it is; guests do not see it.")
@site_file
@json_option
def new(app: str, path: str, lasts: str, note: str, file: Path | None, as_json: bool) -> None:  # noqa: PLR0917
    """Make a link to APP, and print it this once."""
    from dataclasses import replace

    from portico.gate.accounts import desk
    from portico.gate.audit import COMMAND_LINE
    from portico.gate.guests import actions, places

    site, span = read_place(file), span_of(lasts)
    shared = find_app(site, app)
    with desk.open_desk(site) as db:
        token, row = actions.share(db, COMMAND_LINE, shared, path, span, note)
    link = places.share_link(replace(site, url=served_url(site, file)), shared, token)
    if as_json:
        render.as_json(_share(row) | {"link": link})
    else:
        click.echo(f"Whoever has this link opens {app} until {row.expires_at:%Y-%m-%d %H:%M} UTC:\n{link}")


@command.command("list")
@site_file
@json_option
def list_shares(file: Path | None, as_json: bool) -> None:
    """List share links, newest first, with how often each was opened."""
    from sqlalchemy import select

    from portico.gate.accounts import desk
    from portico.gate.models import ShareLink

    with desk.open_desk(read_place(file)) as db:
        found = [_share(row) for row in db.scalars(select(ShareLink).order_by(ShareLink.id.desc()))]
    if as_json:
        render.as_json(found)
        return
    rows = [
        [
            str(one["id"]),
            one["app"],
            one["path"],
            one["note"] or "-",
            one["created_by"],
            one["expires_at"],
            str(one["opened"]),
            one["last_opened_at"] or "never",
        ]
        for one in found
    ]
    render.table(["NUMBER", "APP", "PATH", "FOR", "MADE BY", "UNTIL", "OPENED", "LAST"], rows)


@command.command("revoke")
@click.argument("number", type=int)
@site_file
@json_option
def revoke(number: int, file: Path | None, as_json: bool) -> None:
    """End the link with this NUMBER in the list; whoever came by it is out."""
    from portico.gate.accounts import desk
    from portico.gate.audit import COMMAND_LINE
    from portico.gate.guests import actions

    with desk.open_desk(read_place(file)) as db:
        row = actions.revoke(db, COMMAND_LINE, number)
        shown = _share(row)
    if as_json:
        render.as_json(shown)
    else:
        click.echo(f"The share link {number} to {shown['app']} is revoked.")


def find_app(site: Site, name: str) -> App:
    """The site's app of this name; UserError with a suggestion when there is none."""
    try:
        return site.app(name)
    except KeyError:
        names = [app.name for app in site.apps]
        near = suggestion(name, names) or f"; the site has {', '.join(names) or 'none'}"
        if "@" in name:
            near = "; the address comes before the app"
        raise UserError(f'no such app: "{name}"{near}') from None


def _share(row: ShareLink) -> dict[str, Any]:
    last = row.last_opened_at
    return {
        "id": row.id,
        "app": row.app,
        "path": row.path,
        "note": row.note,
        "created_by": row.created_by,
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "expires_at": row.expires_at.isoformat(timespec="seconds"),
        "opened": row.opened,
        "last_opened_at": last.isoformat(timespec="seconds") if last else None,
    }
