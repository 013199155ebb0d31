"""Who asks: the person of the browser's session, or, at the JSON API, the holder of the token that is shown."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g, request
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from portico.gate import tokens
from portico.gate.audit import Actor
from portico.gate.models import Person
from portico.gate.state import client_ip, gate
from portico.gate.tokens.pace import Pace

API = "/-/api/"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, with all their roles. `scopes` None: by a session, which no scope narrows; `person` None: a service."""

    name: str
    roles: frozenset[str]
    person: Person | None
    scopes: frozenset[str] | None = None

    @property
    def by_token(self) -> bool:
        """Whether a token says who it is."""
        return self.scopes is not None

    @property
    def actor(self) -> Actor:
        """Who it is for the audit."""
        return Actor(self.name, client_ip())


def at_api() -> bool:
    """Whether this request asks the JSON API."""
    return request.path.startswith(API)


def asker() -> Asker | None:
    """Who asks; None: nobody who is known.

    Whoever shows an Authorization header at the API is whom it names, or nobody: never the session beside it.
    """
    header = request.headers.get("Authorization") if at_api() else None
    if header is not None:
        if "holder" not in g:
            g.holder = _holder(header)
        found: Asker | None = g.holder
        return found
    if not current_user.is_authenticated:
        return None
    return Asker(current_user.email, current_user.role_names, current_user._get_current_object())


def keep_pace(holder: tokens.Holder | None) -> None:
    """429 when this is one request too many with the token, in all copies of the site together."""
    pace: Pace | None = current_app.extensions["portico_pace"]
    if holder is not None and pace is not None and (seconds := pace.wait(holder.token_id)):
        raise TooManyRequests(
            f"Too many requests with this token. Try again in {seconds} seconds.", retry_after=seconds
        )


def _holder(header: str) -> Asker | None:
    holder = tokens.find(gate().db, header, client_ip())
    keep_pace(holder)
    return Asker(holder.name, holder.roles, holder.person, holder.scopes) if holder else None
