"""Pages about the site itself: whether it is well, the public keys, and the paths that older systems had."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from portico.gate.permissions import public
from portico.gate.secrets import public_keys
from portico.gate.state import gate

blueprint = Blueprint("site", __name__)

OLD_PATHS = {
    "/login": "/-/sign-in",
    "/register": "/-/sign-up",
    "/forgot": "/-/forgot",
    "/change": "/-/password",
    "/logout": "/-/sign-out",
    "/profile": "/-/profile",
    "/home": "/",
}


@blueprint.get("/-/health")
@public
def health() -> tuple[Response, int]:
    """200 while the database answers."""
    try:
        gate().db.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return jsonify(status="the database does not answer"), 503
    return jsonify(status="ok"), 200


@blueprint.get("/-/jwks.json")
@public
def jwks() -> Response:
    """The public keys with which anyone can check an identity that this gate issued."""
    return jsonify(public_keys(gate().secrets))


def old_path() -> AnyResponse:
    """Lead from a path of the older systems to today's page."""
    query = f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""
    return redirect(OLD_PATHS[request.path] + query)


for _path in OLD_PATHS:
    blueprint.add_url_rule(_path, f"old_{_path[1:]}", public(old_path), methods=["GET"])
