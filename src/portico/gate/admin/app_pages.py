"""The pages of apps: how they are doing, what they wrote, who may enter, and a restart."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate.accounts import roles as role_actions
from portico.gate.admin import app_actions
from portico.gate.admin.people_pages import me
from portico.gate.permissions import Permission, requires
from portico.gate.portal.views import address
from portico.gate.state import gate
from portico.gate.supervisor import NoSupervisorError, SiteState, Supervisor
from portico.site import App

blueprint = Blueprint("admin_apps", __name__, url_prefix="/-/admin/apps")
LINES = (100, 500)  # of a log; the supervisor keeps no more
PATIENCE = 10.0  # seconds that a page waits for a restart


def supervisor() -> Supervisor:
    """The one that started this gate."""
    return Supervisor(gate().run_folder)


def state() -> SiteState | None:
    """How this copy of the site is doing; None when nobody knows."""
    try:
        return supervisor().state()
    except NoSupervisorError:
        return None


def app_or_404(name: str) -> App:
    """The site's app of this name."""
    try:
        return gate().site.app(name)
    except KeyError:
        abort(404)


@blueprint.get("")
@requires(Permission.MANAGE_APPS)
def apps() -> str:
    """All apps with their state."""
    return render_template("admin/apps.html", apps=gate().site.apps, state=state())


@blueprint.get("/<name>")
@requires(Permission.MANAGE_APPS)
def app(name: str) -> str:
    """One app."""
    one, now = app_or_404(name), state()
    people = {role.name: count for role, count in role_actions.in_use(gate().db)}
    return render_template(
        "admin/app.html",
        app=one,
        address=address(gate().site, one),
        state=now,
        doing=now.apps.get(name) if now else None,
        people=people,
    )


@blueprint.get("/<name>/log")
@requires(Permission.READ_LOGS)
def log(name: str) -> str:
    """The last lines of an app's log."""
    one = app_or_404(name)
    lines = LINES[1] if request.args.get("lines") == str(LINES[1]) else LINES[0]
    try:
        written, problem = supervisor().log(name, lines), ""
    except UserError as error:
        written, problem = [], str(error)
    return render_template("admin/app_log.html", app=one, written=written, problem=problem, lines=LINES)


@blueprint.post("/<name>/restart")
@requires(Permission.MANAGE_APPS)
def restart(name: str) -> AnyResponse:
    """Replace the app's workers without losing a request."""
    one = app_or_404(name)
    try:
        if app_actions.restart(gate().db, me(), supervisor(), name, PATIENCE):
            flash(f"{one.title} has new workers.")
        else:
            flash(f"{one.title} takes its time to start. Its old workers serve until it has.", "warning")
    except UserError as error:
        flash(str(error), "error")
    return redirect(url_for("admin_apps.app", name=name))
