"""The server for apps that take over connections: bodies end, WebSockets have a limit, stopping waits for requests."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from portico.serve.runner import connection_server
from portico.serve.runner.connection_server import ConnectionServer

UPGRADE = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Served:
    """A running server, and connections to it."""

    def __init__(self, server: ConnectionServer, path: Path) -> None:
        self.server = server
        self.path = path

    def connect(self, data: bytes) -> socket.socket:
        """A connection on which this was sent."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(str(self.path))
        client.sendall(data)
        return client


@contextmanager
def serving(app: Callable[..., Iterable[bytes]], folder: Path) -> Iterator[Served]:
    """The app on a Unix socket until the block ends."""
    path = folder / "s"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    server = ConnectionServer(app, listener.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Served(server, path)
    finally:
        server.shutdown()
        thread.join(10)
        server.finish()
        listener.detach()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="portico-test-", dir="/tmp") as place:
        yield Path(place)


def everything(client: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    with client:
        found = b""
        while data := client.recv(65536):
            found += data
        return found


def test_a_body_ends_where_its_length_says(folder: Path) -> None:
    """An app that reads "all there is" gets the body, and does not wait for the connection to close."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"].read() + environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    with serving(app, folder) as site:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
        assert everything(site.connect(head + b"hello")).endswith(b"\r\n\r\nhello")


def test_a_websocket_is_ended_when_its_time_is_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients must come again, and are checked again; a plain request of that length is left alone."""
    monkeypatch.setattr(connection_server, "WEBSOCKET_LIFETIME", 0.3)
    ended = threading.Event()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if "HTTP_UPGRADE" in environ:
            environ["werkzeug.socket"].recv(1)  # as a WebSocket waits for its client
            ended.set()
        else:
            time.sleep(0.8)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    with serving(app, folder) as site:
        websocket = site.connect(UPGRADE)
        slow = site.connect(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert ended.wait(5)
        everything(websocket)
        assert everything(slow).endswith(b"ok")


def test_stopping_hangs_up_on_websockets_and_waits_for_requests(folder: Path) -> None:
    """Who is in the middle of a request gets the answer; nobody waits for a WebSocket."""
    begun = threading.Barrier(3)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        begun.wait(10)
        if "HTTP_UPGRADE" in environ:
            environ["werkzeug.socket"].recv(1)
        else:
            time.sleep(0.5)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    with serving(app, folder) as site:
        websocket = site.connect(UPGRADE)
        request = site.connect(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        begun.wait(10)
        started = time.monotonic()
    assert 0.3 < time.monotonic() - started < 8
    assert everything(request).endswith(b"done")
    everything(websocket)
