"""Where guests come in: /-/share/<token>, and /-/frame/<token> for a frame in a page of another site."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import tokens
from portico.gate.asking import keep_pace
from portico.gate.guests import actions, places
from portico.gate.permissions import public
from portico.gate.state import client_ip, gate
from portico.site import App

blueprint = Blueprint("guests", __name__, url_prefix="/-")
FRAME_GONE = "This page was open for a moment only, or has been opened before. Reload the page around it."
FRAMES = ("iframe", "frame", "embed", "object")
FRAME_SECONDS = 60
DEFAULT_MINUTES = 60


@blueprint.get("/share/<token>")
@public
def share(token: str) -> AnyResponse | tuple[str, int]:
    """Let in whoever has the link, count it, and go on to the app."""
    if request.method == "HEAD":
        return Response(status=204)  # programs that look whether a link is there are no visitors
    site = gate().site
    came = actions.open_share(gate().db, site, token, client_ip())
    if came is None:
        return render_template("guests/gone.html"), 404
    response = redirect(places.destination(site, site.app(came.app), came.target))
    places.set_cookie(response, site, came, framed=False)  # type: ignore[arg-type]
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/frame/<token>")
@public
def frame(token: str) -> AnyResponse:
    """Open an app in a page of another site, once."""
    if request.headers.get("Sec-Fetch-Dest", FRAMES[0]) not in FRAMES or request.method == "HEAD":
        abort(400, "This address is for a frame in another site's page.")
    site = gate().site
    came = actions.open_frame(gate().db, site, token, client_ip())
    if came is None:
        return _gone()
    response = redirect(places.destination(site, site.app(came.app), came.target))
    places.set_cookie(response, site, came, framed=True)  # type: ignore[arg-type]
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.post("/frame")
@public
def offer_frame() -> tuple[Response, int]:
    """For programs of other sites, with an API token: an address for a frame that opens one app once."""
    holder = tokens.find(gate().db, request.headers.get("Authorization", ""), client_ip())
    keep_pace(holder)
    if holder is None:
        return _refuse(401, "unauthorized", "Send an API token: Authorization: Bearer ptk_...")
    asked = request.get_json(silent=True)
    try:
        return _offered(holder, asked if isinstance(asked, dict) else {})
    except actions.RefusedError as refused:
        return _refuse(403, "forbidden", str(refused))
    except UserError as error:
        return _refuse(400, "bad-request", str(error))


def _offered(holder: tokens.Holder, asked: dict[str, Any]) -> tuple[Response, int]:
    site, app = gate().site, _app(asked.get("app"))
    target, name = asked.get("path", "/"), asked.get("name", "")
    minutes = asked.get("minutes", DEFAULT_MINUTES)
    if app is None:
        raise UserError('app: name an app of the site, in JSON like {"app": "sales", "path": "/"}')
    if not isinstance(target, str) or not isinstance(name, str) or not _is_number(minutes):
        raise UserError("path and name are texts, minutes is a number")
    lasts = timedelta(minutes=minutes)
    token = actions.offer_frame(gate().db, site, holder, app, target, name=name, lasts=lasts, ip=client_ip())
    return jsonify(url=places.frame_link(site, app, token), seconds=FRAME_SECONDS, minutes=minutes), 201


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 100_000


def _app(name: object) -> App | None:
    return next((app for app in gate().site.apps if app.name == name), None)


def _refuse(status: int, error: str, message: str) -> tuple[Response, int]:
    return jsonify(error=error, message=message), status


def _gone() -> Response:
    """What a frame shows whose address was used: the page around it may show it."""
    response = make_response(FRAME_GONE, 404)
    response.mimetype = "text/plain"
    origins = sorted({origin for app in gate().site.apps for origin in app.frame_ancestors})
    around = " ".join(origins) or "'none'"
    response.headers["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors {around}"
    return response
