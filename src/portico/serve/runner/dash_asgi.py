"""Dash on FastAPI under a prefix: its middleware sees the path without it, everybody else the whole path.

The ASGI specification puts the mount prefix in `root_path` and leaves it in `path` too; Starlette routes by
that. The middleware that Dash adds compares `path` with its own routes and would pass its own requests by. So
it stands between two steps of ours: the outer one takes the prefix off `path`, the inner one puts it back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class TakePrefixOff:
    """`path` without `root_path` for what is inside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the shorter path."""
        root = scope.get("root_path", "")
        path = scope.get("path", "")
        if scope["type"] == "http" and root and path.startswith(root):
            scope = {**scope, "path": path[len(root) :] or "/", "portico.path": path}
        await self.app(scope, receive, send)


class PutPrefixBack:
    """The whole `path` again, for the routes and the app's own views."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the whole path; the same scope, so that Dash's request sees it as well."""
        if "portico.path" in scope:
            scope["path"] = scope.pop("portico.path")
        await self.app(scope, receive, send)


def before_init(server: Any) -> None:
    """Add the inner step, before Dash adds its middleware."""
    if _is_starlette(server):
        server.add_middleware(PutPrefixBack)


def after_init(server: Any) -> None:
    """Add the outer step, after Dash added its middleware."""
    if _is_starlette(server):
        server.add_middleware(TakePrefixOff)


def _is_starlette(server: Any) -> bool:
    return hasattr(server, "add_middleware") and hasattr(server, "user_middleware")
