"""The browser in which somebody came from elsewhere: in it alone the accounts are joined.

A page that joins is worth an account. Without the mark, whoever holds an account elsewhere with somebody's address could
send them the page, and wait for them to sign in and to agree.
"""

from __future__ import annotations

import hmac

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from portico.gate.accounts.links import LIFETIME, LinkKind
from portico.gate.state import gate

PATH = "/-/sso/join"


def give(response: AnyResponse, token: str) -> None:
    """Mark the browser as the one for this page."""
    response.set_cookie(
        _name(),
        token,
        max_age=int(LIFETIME[LinkKind.JOIN].total_seconds()),
        path=PATH,
        secure=gate().site.secure,
        httponly=True,
        samesite="Lax",
    )


def has(token: str) -> bool:
    """Whether the browser that asks is the one for this page."""
    return hmac.compare_digest(request.cookies.get(_name(), "").encode(), token.encode())


def _name() -> str:
    return f"{'__Secure-' if gate().site.secure else ''}portico_join"
