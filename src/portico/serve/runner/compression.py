"""Dash's component bundles and assets, compressed where they are made; the front keeps the result.

The front asks with `Accept-Encoding: gzip` and caches the answer by release, so each file is compressed once.
It keeps bundles in any case, and assets only when the runner says so (`X-Accel-Expires`), as it does here.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

LEVEL = 7  # within 1 % of the smallest for JavaScript, at a third of the time of 9
SMALLEST = 600  # bytes; below, the header costs more than is won
LARGEST = 32 * 1024 * 1024  # bytes; beyond, hold nothing in memory
TYPES = (
    "text/",
    "application/javascript",
    "application/json",
    "image/svg+xml",
    "application/wasm",
    "font/ttf",
)
MONTH = 30 * 24 * 3600  # seconds that the front keeps what has its file's time in its address
MINUTE = 60  # seconds for other assets: an exchanged picture is seen that soon
REPLACED = frozenset(("content-length", "content-encoding", "etag", "accept-ranges"))

Environ = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[str, str]]


def compress(server: Any, routes: str, assets: str, *, keep: bool) -> None:
    """Compress Dash's bundles and the assets below `routes` of a Flask, FastAPI or Quart server.

    `keep`: let the front keep assets; false in development, where they change.
    """
    paths = (f"{routes}_dash-component-suites/", f"{routes}{assets.strip('/')}/")
    if hasattr(server, "wsgi_app"):
        server.wsgi_app = WsgiCompression(server.wsgi_app, paths, keep)
    elif hasattr(server, "add_middleware"):
        server.add_middleware(AsgiCompression, paths=paths, keep=keep)
    elif hasattr(server, "asgi_app"):
        server.asgi_app = AsgiCompression(server.asgi_app, paths, keep)


def worthwhile(headers: Headers) -> bool:
    """Whether an answer of 200 with these headers (names in lower case) gains from compression."""
    known = dict(headers)
    length = known.get("content-length", "")
    if "content-encoding" in known or (length.isdigit() and not SMALLEST <= int(length) <= LARGEST):
        return False
    return known.get("content-type", "").startswith(TYPES)


def kept_for(headers: Headers, query: str) -> Headers:
    """The header that lets the front keep an asset; none for one that the app made for one person."""
    known = dict(headers)
    personal = "set-cookie" in known or "cookie" in known.get("vary", "").lower()
    control = known.get("cache-control", "").lower()
    if personal or "private" in control or "no-store" in control:
        return []
    seconds = MONTH if query.startswith("m=") else MINUTE
    return [("x-accel-expires", str(seconds))]


def packed_headers(headers: Headers, length: int) -> Headers:
    """The headers of the compressed answer. Its tag is weak: the same file, other bytes."""
    kept = [(name, value) for name, value in headers if name not in REPLACED]
    tags = [
        ("etag", value if value.startswith("W/") else f"W/{value}")
        for name, value in headers
        if name == "etag"
    ]
    extra = [("content-encoding", "gzip"), ("vary", "Accept-Encoding"), ("content-length", str(length))]
    return [*kept, *tags, *extra]


class WsgiCompression:
    """A WSGI step around a server, for GET below the given paths."""

    def __init__(self, app: Callable[..., Iterable[bytes]], paths: tuple[str, ...], keep: bool) -> None:
        self.app = app
        self.paths = paths
        self.keep = keep

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer, compressed when that is wanted and worth it."""
        if environ["REQUEST_METHOD"] == "GET" and environ.get("PATH_INFO", "").startswith(self.paths):
            return self._answer(environ, start_response)
        return self.app(environ, start_response)

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[Any] = []
        body = self.app(environ, lambda *args: started.append(args))
        status, raw, *rest = started[-1]
        if not status.startswith("200 "):
            start_response(status, raw, *rest)
            return body
        headers = [(name.lower(), value) for name, value in raw]
        if self.keep:
            headers += kept_for(headers, environ.get("QUERY_STRING", ""))
        if "gzip" not in environ.get("HTTP_ACCEPT_ENCODING", "") or not worthwhile(headers):
            start_response(status, headers, *rest)
            return body
        try:
            packed = gzip.compress(b"".join(body), LEVEL, mtime=0)
        finally:
            getattr(body, "close", lambda: None)()
        start_response(status, packed_headers(headers, len(packed)), *rest)
        return [packed]


class AsgiCompression:
    """The same step for an ASGI server."""

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], paths: tuple[str, ...], keep: bool
    ) -> None:
        self.app = app
        self.paths = paths
        self.keep = keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed when that is wanted and worth it."""
        if scope["type"] == "http" and scope["method"] == "GET":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if path.startswith(self.paths):
                send = Compressing(send, scope, self.keep)
        await self.app(scope, receive, send)


class Compressing:
    """A `send` that holds the start back until the body is whole, and then sends both, compressed."""

    def __init__(self, send: Send, scope: Scope, keep: bool) -> None:
        self.send = send
        self.accepted = b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
        self.query = scope.get("query_string", b"").decode("latin-1")
        self.keep = keep
        self.headers: Headers | None = None
        self.parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        """Take one message of the server."""
        if message["type"] == "http.response.start" and message["status"] == 200:
            raw = message["headers"]
            headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
            headers += kept_for(headers, self.query) if self.keep else []
            if self.accepted and worthwhile(headers):
                self.headers = headers
                return
            message = started(headers)
        elif message["type"] == "http.response.body" and self.headers is not None:
            self.parts.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            packed = gzip.compress(b"".join(self.parts), LEVEL, mtime=0)
            await self.send(started(packed_headers(self.headers, len(packed))))
            message = {"type": "http.response.body", "body": packed, "more_body": False}
        await self.send(message)


def started(headers: Headers) -> Message:
    """The message that begins an answer of 200."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": 200, "headers": raw}
