"""Problem details (RFC 9457): what the JSON API answers when it does not do what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Response, jsonify

MEDIA_TYPE = "application/problem+json"


def problem(status: int, detail: str, errors: Sequence[dict[str, str]] = (), **more: str) -> Response:
    """The answer that says what is wrong; `errors` name the places in what was sent."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    if errors:
        body["errors"] = list(errors)
    response = jsonify(body)
    response.status_code = status
    response.mimetype = MEDIA_TYPE
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="portico"'
    return response
