"""Browsers in which the owner of an account has signed in before: others who guess do not slow them down.

The mark is a signed cookie that only the gate's pages are sent. It signs nobody in and skips nothing; whoever steals
it may guess a few passwords, slowly, as everybody may.
"""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from portico.gate.accounts import addresses
from portico.gate.state import gate

LASTS = 400 * 24 * 3600  # seconds; browsers keep no cookie longer
ACCOUNTS = 5  # in one browser; the one that was used longest ago is dropped
PATH = "/-/"


def mark_of(email: str) -> str | None:
    """The mark of the browser that asks, if somebody signed in with this address in it; else None."""
    mark, accounts = _read()
    return mark if _name(email) in accounts else None


def remember(email: str) -> None:
    """Let the browser that asks be known for this address, with the answer to this request."""
    mark, accounts = _read()
    name = _name(email)
    kept = [name, *(one for one in accounts if one != name)][:ACCOUNTS]
    value = _signer().dumps([mark or secrets.token_urlsafe(16), kept])
    text = value.decode() if isinstance(value, bytes) else value
    site = gate().site

    @after_this_request
    def give(response: Response) -> Response:
        response.set_cookie(
            _cookie(), text, max_age=LASTS, path=PATH, secure=site.secure, httponly=True, samesite="Lax"
        )
        return response


def _read() -> tuple[str | None, list[str]]:
    try:
        mark, accounts = _signer().loads(request.cookies.get(_cookie(), ""))
    except (BadSignature, ValueError, TypeError):
        return None, []
    return str(mark), [str(one) for one in accounts]


def _cookie() -> str:
    return "__Secure-portico_browser" if gate().site.secure else "portico_browser"


def _name(email: str) -> str:
    return hashlib.sha256(f"browser of {addresses.normalised(email)}".encode()).hexdigest()[:32]


def _signer() -> URLSafeSerializer:
    keys = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    return URLSafeSerializer(list(reversed(keys)), salt="portico known browser")
