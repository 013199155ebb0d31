"""What every request of the gate passes.

The right host, an honest origin, and headers that keep browsers careful.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, abort, jsonify, redirect, request
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import origins
from portico.gate.asking import at_api
from portico.site import Site

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"
OWN_PAGES = ("same-origin", "none")
ON_APP_HOSTS = frozenset({"hand_over.enter", "static", "portal.crashed", "guests.share", "guests.frame"})
# What scripts may ask for, above all the gate's own. Nothing there is anybody's own, or takes a form's token.
FOR_SCRIPTS = frozenset(
    {"static", "join.leaked_with", "passkey_entry.fresh_options", "site.health", "site.jwks"}
)
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action {origins}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
}


class RowNumber(IntegerConverter):
    """The number of a row in an address; a larger one than a database can have leads nowhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": 2**31 - 1, **kwargs})


def install(app: Flask, site: Site) -> None:
    """Put these in place."""
    app.url_map.converters["int"] = RowNumber
    app.before_request(_no_nul)
    app.before_request(_no_scripts)
    home = origins.site_origin(site)
    own_hosts = origins.own_hosts(site)
    policy = CONTENT_SECURITY_POLICY.format(
        origins=" ".join(["'self'", *sorted(origins.declared(site) - {home})])
    )

    @app.before_request
    def stay_at_home() -> AnyResponse | None:
        """An app's own host shows nothing of the gate but the hand-over."""
        if request.host in own_hosts and request.endpoint not in ON_APP_HOSTS:
            return redirect(home + origins.address_of(request))
        return None

    @app.before_request
    def honest_origin() -> None:
        """A form must come from the site's own pages."""
        if request.method in SAFE_METHODS:
            return
        origin = request.headers.get("Origin")
        if origin is not None and origin != home:
            abort(403, f"This form was opened at {origin}. This site is at {home}: open it there.")
        if origin is None and request.headers.get("Sec-Fetch-Site", OWN_PAGES[0]) not in OWN_PAGES:
            abort(403, "This form was sent by another site.")

    @app.after_request
    def careful(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy)
        if request.endpoint != "static" or response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def by_script() -> bool:
    """Whether a script in a page asks (fetch, XMLHttpRequest, a beacon), not a person who follows a link or sends a form.

    Browsers say so on https and on this machine; no script can say otherwise.
    """
    headers = request.headers
    return headers.get("Sec-Fetch-Dest") == "empty" and headers.get("Sec-Fetch-Mode") != "navigate"


def _no_scripts() -> tuple[Response, int] | None:
    """Pages are for people: a script in an app's page, on the same origin, reads none, and so has no form's token."""
    if not by_script() or at_api() or request.endpoint in FOR_SCRIPTS:
        return None
    message = "This page is for people. Programs ask the API, with a token: /-/api/v1."
    return jsonify(error="forbidden", message=message), 403


def _no_nul() -> None:
    """No address has the character NUL, nobody types it into a form, and PostgreSQL takes it in no value."""
    if "\0" in request.path or b"%00" in request.query_string:
        abort(400)
    if request.mimetype == FORM and any("\0" in text for text in request.form.values()):
        abort(400)
