"""The socket of an app: a new generation takes the path without a refused connection."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from portico.serve.sockets import AppSocket


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the socket is."""
    return Path(f"/tmp/portico-test-{tmp_path.name[-8:]}.sock")


def connected(path: Path) -> socket.socket:
    """A client's connection."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    client.connect(str(path))
    return client


def test_connections_wait_for_whoever_will_serve(path: Path) -> None:
    """The backlog holds what arrives while nobody accepts."""
    app = AppSocket(path)
    client = connected(path)
    client.send(b"x")
    app.current.listener.setblocking(True)
    server, _ = app.current.listener.accept()
    assert server.recv(1) == b"x"
    for each in (client, server):
        each.close()
    app.close()
    assert not path.exists()


def test_a_published_generation_gets_new_connections_and_the_old_keeps_its_own(path: Path) -> None:
    """What waited at the old one is still there for its workers, which have their own copy."""
    app = AppSocket(path)
    worker = app.current.listener.dup()
    early = connected(path)
    fresh = app.fresh()
    app.publish(fresh)
    late = connected(path)
    worker.setblocking(True)
    fresh.listener.setblocking(True)
    for listener, client in ((worker, early), (fresh.listener, late)):
        server, _ = listener.accept()
        server.send(b"y")
        assert client.recv(1) == b"y"
        server.close()
    for each in (early, late, worker):
        each.close()
    app.close()


def test_a_hundred_generations_refuse_nobody(path: Path) -> None:
    """Under a loop of connections the path is never without a listener."""
    app = AppSocket(path)
    refused: list[OSError] = []
    over = threading.Event()

    def connect() -> None:
        while not over.is_set():
            try:
                connected(path).close()
            except OSError as error:
                refused.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    for _ in range(100):
        app.publish(app.fresh())
    over.set()
    thread.join()
    app.close()
    assert refused == []


def test_a_generation_that_is_not_needed_leaves_nothing(path: Path) -> None:
    """New workers that did not start give their socket back; a stale file in the way is no hindrance."""
    path.with_name(path.name + ".n").touch()
    app = AppSocket(path)
    fresh = app.fresh()
    app.discard(fresh)
    assert not fresh.place.exists()
    connected(path).close()
    app.close()
