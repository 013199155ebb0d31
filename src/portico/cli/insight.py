"""`portico insight`: how the apps are used, from the site's database, whether or not the site is running."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from portico.cli import render
from portico.cli.place import read_place, site_file
from portico.cli.render import json_option
from portico.errors import UserError

if TYPE_CHECKING:
    from portico.gate.insight.reading import AppUse, Use

HEADINGS = ["PEOPLE", "VISITS", "REQUESTS", "ERRORS", "REFUSED", "HALF WITHIN", "95% WITHIN"]


@click.command("insight")
@click.argument("app", required=False)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How many days, today too."
)
@click.option("--forget", is_flag=True, help="Remove the numbers of the app, or of all apps, for good.")
@site_file
@json_option
def command(app: str | None, days: int, forget: bool, file: Path | None, as_json: bool) -> None:
    """Show how the apps are used; of one app, day by day, with its slowest callbacks."""
    from portico.gate.accounts import desk
    from portico.gate.audit import COMMAND_LINE
    from portico.gate.insight import reading, storing

    site = read_place(file)
    names = [one.name for one in site.apps]
    with desk.open_desk(site) as db:
        if app is not None and app not in {*names, *reading.known_apps(db)}:
            raise UserError(f"there is no app {app}; the site has {', '.join(names) or 'none'}")
        if forget:
            gone = storing.forget(db, COMMAND_LINE, app or "")
            _tell_forgotten(app, gone, as_json)
            return
        found = [reading.of_app(db, app, days)] if app else reading.overview(db, names, days)
    if as_json:
        render.as_json(found[0].plain() if app else [one.plain() for one in found])
    elif app:
        _one(found[0])
    else:
        render.table(["APP", *HEADINGS], [[one.app, *_cells(one.whole)] for one in found])


def _tell_forgotten(app: str | None, gone: int, as_json: bool) -> None:
    if as_json:
        render.as_json({"app": app, "days": gone})
    else:
        click.echo(f"The numbers of {app or 'all apps'} are gone: {gone} {'day' if gone == 1 else 'days'}.")


def _one(app: AppUse) -> None:
    used = [day for day in app.days if day.use.requests or day.use.refused]
    if not used:
        click.echo(f"Nobody asked for {app.app} in the last {len(app.days)} days.")
        return
    render.table(["DAY", *HEADINGS], [[day.day.isoformat(), *_cells(day.use)] for day in used])
    if app.callbacks:
        click.echo()
        rows = [
            [one.output, str(one.calls), str(one.errors), _took(one.p50), _took(one.p95)]
            for one in app.callbacks
        ]
        render.table(["CALLBACK", "CALLS", "ERRORS", *HEADINGS[-2:]], rows)


def _cells(use: Use) -> list[str]:
    numbers = (use.people, use.visits, use.requests, use.errors, use.refused)
    return [*map(str, numbers), _took(use.p50), _took(use.p95)]


def _took(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    if milliseconds < 1:
        return "< 1 ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
