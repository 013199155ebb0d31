"""Serving a WSGI app that takes over connections: Flask-Sock and Flask-SocketIO speak WebSocket on them themselves.

WSGI knows no WebSockets, so such apps ask the server for the bare connection, and Granian has none to give.
Werkzeug's server has, it is what these apps are written with, and Flask brings it.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

# The gate is asked when a WebSocket opens: clients must come again, and are checked again, after this time.
WEBSOCKET_LIFETIME = 600.0  # seconds


def serve_connections(app: Callable[..., Any], fd: int) -> None:
    """Serve a WSGI callable on an open Unix socket until SIGTERM; return when no request is in flight."""
    server = ConnectionServer(app, fd)

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, name="portico-stop").start()

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(poll_interval=0.2)
    server.finish()


class Body:
    """The body of one request: as much of the connection as its length allows."""

    def __init__(self, source: Any, length: int) -> None:
        self._source = source
        self._left = length

    def read(self, size: int | None = None) -> bytes:
        """The next bytes, all of them without `size`; none at the end."""
        wanted = self._left if size is None else min(size, self._left)
        data: bytes = self._source.read(wanted) if wanted else b""
        self._left -= len(data)
        return data


class ConnectionHandler(WSGIRequestHandler):
    """One connection, with one request or one WebSocket on it."""

    server: ConnectionServer

    def handle(self) -> None:
        """Serve it; the server knows of it as long as it lasts."""
        with self.server.open(self.connection):
            super().handle()

    def make_environ(self) -> dict[str, Any]:
        """As Werkzeug makes it, with a body that ends, and an end for the WebSocket that this may become."""
        environ: dict[str, Any] = super().make_environ()
        if "HTTP_TRANSFER_ENCODING" not in environ:
            environ["wsgi.input"] = Body(self.rfile, int(environ.get("CONTENT_LENGTH") or 0))
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            self.server.take(self.connection)
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - Werkzeug's name for it
        """The front and the adapter tell what there is to tell."""


class ConnectionServer(ThreadedWSGIServer):
    """Werkzeug's server with a thread for each connection, which can wait for those under way."""

    def __init__(self, app: Callable[..., Any], fd: int) -> None:
        self._quiet = threading.Condition()
        self._under_way = 0
        self._taken: set[socket.socket] = set()
        self._stopping = False
        super().__init__("unix://portico", 0, app, ConnectionHandler, fd=fd)

    def open(self, connection: socket.socket) -> Open:
        """The time in which a connection is under way."""
        return Open(self, connection)

    def begin(self) -> None:
        """A connection is here."""
        with self._quiet:
            self._under_way += 1

    def end(self, connection: socket.socket) -> None:
        """It is done."""
        with self._quiet:
            self._under_way -= 1
            self._taken.discard(connection)
            self._quiet.notify_all()

    def take(self, connection: socket.socket) -> None:
        """The app has this connection for itself, for a limited time."""
        with self._quiet:
            self._taken.add(connection)
            late = self._stopping
        timer = threading.Timer(0 if late else WEBSOCKET_LIFETIME, self._hang_up, (connection,))
        timer.daemon = True
        timer.start()

    def finish(self) -> None:
        """Hang up on WebSockets, which come back to the next worker, and wait for everything else."""
        self.server_close()
        with self._quiet:
            self._stopping = True
            taken = list(self._taken)
        for connection in taken:
            self._hang_up(connection)
        with self._quiet:
            self._quiet.wait_for(lambda: self._under_way == 0)

    def _hang_up(self, connection: socket.socket) -> None:
        with self._quiet:
            here = connection in self._taken
        if here:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Open:
    """The time in which a connection is under way."""

    def __init__(self, server: ConnectionServer, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection

    def __enter__(self) -> None:
        self._server.begin()

    def __exit__(self, *error: object) -> None:
        self._server.end(self._connection)
