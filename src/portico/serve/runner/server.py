"""Serving one WSGI or ASGI callable, in this process, on a listening socket that somebody else opened.

Granian has no public way to take over a listening socket and always puts a parent process above its
workers. The supervisor is that parent already, and it must own the socket: so that an app can sleep while
its socket is open, and be replaced without losing a connection. So this file, and no other, starts
Granian's worker function directly. `tests/unit/serve/runner/test_server.py` pins the private names used
here; pyproject.toml pins Granian's minor version.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, RuntimeModes, TaskImpl
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import mp
from granian.server.mp import MPServer

BACKLOG = 4096  # Granian calls listen() again; the kernel caps this at net.core.somaxconn
CONNECTIONS = 4096  # kept alive or in flight at once; beyond that they wait in the socket's backlog
NO_TLS: tuple[object, ...] = (False, None, None, None, "tls1.3", None, [], False)

# Milliseconds. It runs while a kept-alive connection is idle too: longer than the 2 s after which the front
# drops one, so that it is always the front who hangs up and no request meets a closing connection.
HEADER_READ_TIMEOUT = 75_000


def serve_wsgi(app: Callable[..., Any], fd: int, *, threads: int, unix: bool = True) -> None:
    """Serve with that many threads until SIGTERM; return when no request is in flight.

    `app` is not WSGI's `app(environ, start_response)` but what Granian makes of it: `app(protocol, environ)`.
    """
    mp._wsgi_call_wrap = lambda app, *_: app  # type: ignore[attr-defined]
    MPServer._spawn_wsgi_worker(*_arguments(app, fd, unix=unix, threads=threads, websockets=False))


def serve_asgi(app: Callable[..., Any], fd: int, *, unix: bool = True) -> None:
    """Serve an ASGI callable (with its lifespan and WebSockets) until SIGTERM; return when all is done."""
    MPServer._spawn_asgi_lifespan_worker(*_arguments(app, fd, unix=unix, threads=1, websockets=True))


def _arguments(
    app: Callable[..., Any], fd: int, *, unix: bool, threads: int, websockets: bool
) -> tuple[object, ...]:
    """The positional arguments of Granian's worker functions, in the order of its MPServer._spawn_worker."""
    return (
        1,  # worker id
        None,  # process name
        lambda: app,  # what loads the app
        ((None, _take_over(fd, unix=unix)), None),  # socket: (specification, open one), Windows only
        None,  # pipe for metrics
        "asyncio",  # event loop
        False,  # Granian's own log: what it says at start and stop is the supervisor's to say
        LogLevels.error,
        None,  # logging configuration: the app's own stays untouched
        (),  # environment files
        RuntimeModes.mt,  # the one that lets WSGI threads and the network run side by side
        1,  # network threads
        512,  # most threads for blocking work of the network part, started on demand
        threads,  # threads that run Python
        30,  # seconds until an idle one of these ends
        CONNECTIONS,
        TaskImpl.asyncio,  # each request in a task of its own, so that context variables stay apart
        HTTPModes.http1,
        HTTP1Settings(header_read_timeout=HEADER_READ_TIMEOUT),
        None,  # HTTP/2
        websockets,
        None,  # static files
        None,  # access log
        NO_TLS,
        {"url_path_prefix": None},
        (None, None),  # metrics
    )


def _take_over(fd: int, *, unix: bool) -> SocketHolder:
    """Granian's holder of an open listening socket; where Granian calls listen(), it wants the backlog."""
    holder: Any = SocketHolder
    if sys.platform.startswith(("linux", "freebsd")):
        return holder(fd, unix, BACKLOG)  # type: ignore[no-any-return]
    return holder(fd, unix)  # type: ignore[no-any-return]
