"""The API about itself: who asks, and the description."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Response, jsonify

from portico.gate.api.asked import who
from portico.gate.api.description import describe
from portico.gate.api.operations import blueprint, operation
from portico.gate.api.shapes import AskerShape
from portico.gate.permissions import Permission, public
from portico.gate.state import gate


@operation("GET", "/me", Permission.KEEP_OWN_ACCOUNT)
def who_am_i() -> AskerShape:
    """Who you are to the API."""
    asker = who()
    return AskerShape(
        name=asker.name,
        person=asker.person.fs_uniquifier if asker.person else None,
        roles=sorted(asker.roles),
        scopes=None if asker.scopes is None else sorted(asker.scopes),
    )


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    """The description of the API. It says what there is, and nothing about this site."""
    return jsonify(_description(gate().site.url, gate().site.session_cookie))


@cache
def _description(url: str, cookie: str) -> dict[str, Any]:
    return describe(url, cookie)
