"""The pages of insight: all apps, and one app with its plots."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from portico.gate.insight import plots, reading
from portico.gate.insight.reading import AppUse
from portico.gate.permissions import Permission, requires
from portico.gate.state import gate

SPANS = (7, 30, 90, 365)
USUAL = 30
blueprint = Blueprint("insight", __name__, url_prefix="/-/admin/insight")


@blueprint.get("")
@requires(Permission.SEE_INSIGHT)
def apps() -> str:
    """Every app over the last days."""
    days = _days()
    found = reading.overview(gate().db, [app.name for app in gate().site.apps], days)
    return render_template(
        "insight/apps.html",
        apps=[(one, _requests(one)) for one in found],
        titles={app.name: app.title for app in gate().site.apps},
        days=days,
        spans=SPANS,
    )


@blueprint.get("/<name>")
@requires(Permission.SEE_INSIGHT)
def app(name: str) -> str:
    """One app: plots, the numbers of each day, its slowest callbacks."""
    titles = {app.name: app.title for app in gate().site.apps}
    if name not in titles and name not in reading.known_apps(gate().db):
        abort(404, "There is no such app, and no number of one.")
    days = _days()
    found = reading.of_app(gate().db, name, days)
    people = [day.use.people for day in found.days]
    return render_template(
        "insight/app.html",
        app=found,
        app_title=titles.get(name, name),
        days=days,
        spans=SPANS,
        people=plots.bars(
            people, [_said(day, n, "person", "people") for day, n in zip(_dates(found), people, strict=True)]
        ),
        requests=_requests(found),
        times=plots.lines([day.use.p50 for day in found.days], [day.use.p95 for day in found.days]),
    )


def _requests(app: AppUse) -> plots.Plot:
    titles = [
        f"{_said(day.day.isoformat(), day.use.requests, 'request', 'requests')}, {day.use.errors:,} of them errors"
        for day in app.days
    ]
    return plots.bars([day.use.requests for day in app.days], titles, [day.use.errors for day in app.days])


def _dates(app: AppUse) -> list[str]:
    return [day.day.isoformat() for day in app.days]


def _said(day: str, number: int, one: str, many: str) -> str:
    return f"{day}: {number:,} {one if number == 1 else many}"


def _days() -> int:
    """The span that was asked for; the usual one for anything else."""
    asked = request.args.get("days", "")
    return int(asked) if asked in map(str, SPANS) else USUAL
