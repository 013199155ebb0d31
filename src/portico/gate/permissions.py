"""What a view asks for.

Every view says `@requires(Permission.X)` or `@public`; one without either is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask, abort, current_app, request
from flask_wtf.csrf import validate_csrf
from werkzeug.wrappers import Response as AnyResponse
from wtforms.validators import ValidationError

from portico.gate import tokens
from portico.gate.accounts import freshness
from portico.gate.asking import Asker, asker, at_api
from portico.gate.audit.doors import DoorNotes
from portico.gate.guards import SAFE_METHODS, by_script
from portico.gate.policy import ADMIN

View = TypeVar("View", bound=Callable[..., object])

_MARK = "_portico_permission"
_FRESH = "_portico_fresh"


class Permission(StrEnum):
    """What a person may do in the gate itself."""

    SEE_PORTAL = "see the portal"
    KEEP_OWN_ACCOUNT = "keep the own account"
    READ_LOGS = "read the logs of apps"
    SEE_SESSIONS = "see who is signed in"
    END_SESSIONS = "sign people out"
    READ_AUDIT = "read the audit"
    SEE_INSIGHT = "see how the apps are used"
    MANAGE_PEOPLE = "manage people and roles"
    MANAGE_TOKENS = "manage everybody's tokens, and share links"
    MANAGE_INVITATIONS = "invite people"
    MANAGE_APPS = "see and restart apps"


EVERYONE = frozenset({Permission.SEE_PORTAL, Permission.KEEP_OWN_ACCOUNT})


def requires(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """Let only signed-in people with this permission into the view.

    `fresh`: the person must have proven who they are in this session a short time ago.
    """

    def mark(view: View) -> View:
        setattr(view, _MARK, permission)
        setattr(view, _FRESH, fresh)
        return view

    return mark


def public(view: View) -> View:
    """Let everybody into the view."""
    setattr(view, _MARK, "public")
    return view


def guard_of(view: Callable[..., object]) -> Permission | str | None:
    """What the view says: a permission, "public", or None (closed)."""
    return getattr(view, _MARK, None)


def may(permission: Permission) -> bool:
    """Whether the person who asks has this permission."""
    who = asker()
    return who is not None and (permission in EVERYONE or ADMIN in who.roles)


def install(app: Flask) -> None:
    """Check every request's view before it runs."""
    app.before_request(_check)


def _check() -> AnyResponse | None:
    if request.endpoint is None:
        return None  # no such page: the 404 comes next
    guard = guard_of(current_app.view_functions[request.endpoint])
    if guard == "public":
        return None
    if not isinstance(guard, Permission):
        abort(403)
    who = asker()
    if who is None:
        abort(401)
    if at_api():
        _check_way(who)
    if not may(guard):
        doors: DoorNotes = current_app.extensions["portico_doors"]
        doors.write(who.name, who.actor, "page-refused", request.endpoint, needs=str(guard))
        abort(403)
    fresh = getattr(current_app.view_functions[request.endpoint], _FRESH, False)
    if fresh and not who.by_token and not freshness.is_fresh():
        return freshness.ask()
    return None


def _check_way(who: Asker) -> None:
    """At the API, a token needs the scope for it, and a session the proof that one of our own pages asks."""
    safe = request.method in SAFE_METHODS
    if who.scopes is not None:
        if not (tokens.reads_api(who.scopes) if safe else tokens.uses_api(who.scopes)):
            abort(403, f"The token lacks the scope {'api:read' if safe else 'api'}.")
    elif not safe:
        current_app.extensions["csrf"].protect()
    elif by_script():
        _from_own_page()


def _from_own_page() -> None:
    """Reading with a session, too, is for scripts of our own pages: an app's pages share their origin."""
    try:
        validate_csrf(request.headers.get("X-CSRFToken"))
    except ValidationError:
        abort(
            403,
            "A script that asks with a session sends the header X-CSRFToken, as one of the site's pages has it.",
        )
