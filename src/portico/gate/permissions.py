"""What a view asks for.

Every view says `@requires(Permission.X)` or `@public`; one without either is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask, abort, current_app, request
from flask_login import current_user

from portico.gate.policy import ADMIN

View = TypeVar("View", bound=Callable[..., object])

_MARK = "_portico_permission"
_FRESH = "_portico_fresh"


class Permission(StrEnum):
    """What a person may do in the gate itself."""

    SEE_PORTAL = "see the portal"
    KEEP_OWN_ACCOUNT = "keep the own account"
    READ_LOGS = "read the logs of apps"


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
    if not current_user.is_authenticated:
        return False
    return permission in EVERYONE or ADMIN in current_user.role_names


def install(app: Flask) -> None:
    """Check every request's view before it runs."""
    app.before_request(_check)


def _check() -> None:
    if request.endpoint is None:
        return  # no such page: the 404 comes next
    guard = guard_of(current_app.view_functions[request.endpoint])
    if guard == "public":
        return
    if not isinstance(guard, Permission):
        abort(403)
    if not current_user.is_authenticated:
        abort(401)
    if not may(guard):
        abort(403)
