"""Between Granian and an ASGI app: turns what the front said about a request into what ASGI code expects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from portico import identity
from portico.serve.runner.drain import Drain
from portico.serve.runner.failure import print_own_traceback
from portico.serve.runner.stats import Stats
from portico.serve.runner.wsgi import ERROR_BODY

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CLAIMS = frozenset((b"remote-user", b"x-remote-user", b"remote-email", b"remote-groups"))

# A body of unknown length is a stream: the front passes on each chunk as it comes.
STREAM = (b"x-accel-buffering", b"no")

# The gate is asked when a WebSocket opens, not while it is open: so no connection may stay open for ever.
# Clients connect again after a close with this code (1012, service restart) and are checked again.
WEBSOCKET_LIFETIME = 600.0  # seconds
RESTART = 1012


class AsgiAdapter:
    """Wraps an ASGI app for use behind the front.

    `started(problem)` is called once when the app's lifespan has begun: with None, or with what the app
    said went wrong.
    """

    def __init__(
        self,
        app: App,
        *,
        stats: Stats,
        drain: Drain,
        started: Callable[[str | None], None],
    ) -> None:
        self._app = app
        self._stats = stats
        self._drain = drain
        self._started = started
        self._verify = identity.verifier().verify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        who = self._describe(scope)
        websocket = scope["type"] == "websocket"
        self._stats.begin(websocket=websocket)
        token = identity.enter(who)
        try:
            if scope["type"] == "http":
                await self._http(scope, receive, send)
            else:
                await self._websocket(scope, receive, send)
        finally:
            identity.leave(token)
            self._stats.end(websocket=websocket)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if not begun:
                begun = True
                headers = list(message.get("headers", ()))
                if not any(name.lower() == b"content-length" for name, _ in headers):
                    headers.append(STREAM)
                if self._drain.asked:
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # an app may raise anything; the log gets the reason
            print_own_traceback(error)
            if begun:
                raise
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await answer({"type": "http.response.start", "status": 500, "headers": headers})
            await answer({"type": "http.response.body", "body": ERROR_BODY})

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(WEBSOCKET_LIFETIME) as limit:
                await self._app(scope, receive, send)
        except TimeoutError:
            if not limit.expired():
                raise
            await send({"type": "websocket.close", "code": RESTART, "reason": "sign-in is checked again"})
        except Exception as error:  # only looked at: the log gets the app's own lines
            print_own_traceback(error)
            raise

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app's start-up and shut-down; an app that knows nothing of them is fine as it is."""
        told = False

        async def answer(message: Message) -> None:
            nonlocal told
            if not told and message["type"].startswith("lifespan.startup."):
                told = True
                failed = message["type"] == "lifespan.startup.failed"
                self._started(message.get("message") or "no reason given" if failed else None)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # by ASGI, raising before any answer means: this app has no lifespan
            if told:
                print_own_traceback(error)
        finally:
            if not told:
                self._started(None)

    def _describe(self, scope: Scope) -> identity.Identity:
        """Put prefix, scheme, address and host where ASGI code looks for them; return who is asking."""
        facts: dict[bytes, bytes] = {}
        kept = []
        for header in scope["headers"]:
            name = header[0]
            if name in CLAIMS:
                continue
            kept.append(header)
            if name.startswith(b"x-") or name == b"host":
                facts[name] = header[1]
        scope["headers"] = kept
        secure = facts.get(b"x-forwarded-proto") == b"https"
        scope["scheme"] = (
            ("wss" if secure else "ws") if scope["type"] == "websocket" else ("https" if secure else "http")
        )
        address = facts.get(b"x-forwarded-for", b"").rpartition(b",")[2].strip()
        scope["client"] = (address.decode("latin-1"), 0) if address else None
        host, _, port = facts.get(b"host", b"localhost").decode("latin-1").partition(":")
        scope["server"] = (host, int(port) if port.isdigit() else (443 if secure else 80))
        prefix = facts.get(b"x-portico-prefix", b"").decode("latin-1")
        if prefix and scope["path"].startswith(prefix) and scope["path"][len(prefix) :][:1] in ("/", ""):
            scope["root_path"] = prefix  # `path` stays whole: so says the ASGI specification
        token = facts.get(b"x-portico-identity")
        return self._verify(token.decode("latin-1")) if token else identity.ANONYMOUS
