"""The portal page, and the page in place of an app that has crashed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, jsonify, make_response, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate.failures import wants_json
from portico.gate.origins import app_origins
from portico.gate.permissions import Permission, may, public
from portico.gate.policy import Visitor, decide
from portico.gate.state import gate
from portico.gate.visitors import of_person
from portico.site import App, Site

LOG_LINES = 40
blueprint = Blueprint("portal", __name__)


@dataclass(frozen=True, slots=True)
class Door:
    """An app as the portal shows it."""

    name: str
    title: str
    description: str
    address: str


def doors(site: Site, visitor: Visitor | None) -> list[Door]:
    """The apps that this visitor may open, in the site's order."""
    return [
        Door(app.name, app.title, app.description, address(site, app))
        for app in site.apps
        if app.in_portal and app.path != "/" and decide(app.access, visitor).enters
    ]


def address(site: Site, app: App) -> str:
    """Where a click on the app leads."""
    if app.path is not None:
        return f"{app.path}/"
    return f"{app_origins(site, app)[0]}/"


@blueprint.get("/")
@blueprint.get("/-/", endpoint="home")
@blueprint.get("/-/portal")
@public
def portal() -> AnyResponse | str:
    """The apps that the visitor may open.

    A stranger sees the public ones, or the sign-in where there are none.
    """
    visitor = None
    if current_user.is_authenticated:
        visitor = of_person(gate().db, current_user)
    found = doors(gate().site, visitor)
    if visitor is None and not found:
        return redirect(url_for("entry.sign_in"))
    return render_template("portal.html", doors=found)


@blueprint.get("/-/crashed/<name>")
@public
def crashed(name: str) -> Response:
    """Says that the app is down; people who may read logs see the last lines."""
    site = gate().site
    try:
        app = site.app(name)
    except KeyError:
        abort(404)
    if wants_json():
        response = jsonify(error="crashed", message=f"{app.title} has stopped. It is being started again.")
    else:
        lines = last_lines(name) if may(Permission.READ_LOGS) else None
        response = make_response(render_template("crashed.html", app=app, lines=lines))
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return response


def last_lines(name: str) -> str:
    """The app's last log lines, which the supervisor left in its run directory; "" when there are none."""
    folder = gate().run_folder
    if folder is None:
        return ""
    try:
        text = (folder / "crashed" / name).read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-LOG_LINES:])
