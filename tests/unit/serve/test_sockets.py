"""The socket of an app: a new generation takes the path without a refused connection."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from portico.serve.sockets import AppSocket, slot_path


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
    app.current.listeners[0].setblocking(True)
    server, _ = app.current.listeners[0].accept()
    assert server.recv(1) == b"x"
    for each in (client, server):
        each.close()
    app.close()
    assert not path.exists()


def test_a_published_generation_gets_new_connections_and_the_old_keeps_its_own(path: Path) -> None:
    """What waited at the old one is still there for its workers, which have their own copy."""
    app = AppSocket(path)
    worker = app.current.listeners[0].dup()
    early = connected(path)
    fresh = app.fresh(1)
    app.publish(fresh)
    late = connected(path)
    worker.setblocking(True)
    fresh.listeners[0].setblocking(True)
    for listener, client in ((worker, early), (fresh.listeners[0], late)):
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
    over, arrived = threading.Event(), threading.Event()

    def connect() -> None:
        while not over.is_set():
            try:
                connected(path).close()
            except OSError as error:
                refused.append(error)
            arrived.set()

    thread = threading.Thread(target=connect)
    thread.start()
    workers = []  # a worker's copy of its socket outlives the supervisor's
    for _ in range(100):
        workers.append(socket.socket(fileno=os.dup(app.current.fileno())))
        app.publish(app.fresh(2), {0, 1})
        arrived.clear()
        assert arrived.wait(5)  # nobody is on the way for longer than one generation lasts
    over.set()
    thread.join()
    app.close()
    for worker in workers:
        worker.close()
    assert refused == []
    assert list(path.parent.glob(f"{path.stem}.*")) == []


def test_a_generation_that_is_not_needed_leaves_nothing(path: Path) -> None:
    """New workers that did not start give their socket back; a stale file in the way is no hindrance."""
    path.with_name(path.name + ".n").touch()
    app = AppSocket(path)
    fresh = app.fresh(1)
    fresh.close()
    assert not fresh.places[0].exists()
    connected(path).close()
    app.close()


def reached(path: Path, app: AppSocket) -> int:
    """The slot whose socket a connection to this path arrives at."""
    with connected(path):
        for slot, listener in enumerate(app.current.listeners):
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            return slot
    raise AssertionError("nobody got the connection")


def test_a_path_leads_to_its_own_worker_or_to_one_that_serves(path: Path) -> None:
    """Nobody serves: all wait at the first. One serves: all go there. Each that serves gets its own."""
    app = AppSocket(path, slots=3)
    paths = [slot_path(path, slot) for slot in range(3)]

    def all_reached() -> list[int]:
        return [reached(each, app) for each in paths]

    assert all_reached() == [0, 0, 0]
    app.show({0, 2})
    assert all_reached() == [0, 0, 2]
    app.show({1, 2})
    assert all_reached() == [1, 1, 2]
    app.publish(app.fresh(2))
    assert all_reached() == [0, 0, 0]  # the front may not know yet that there is one less
    app.close()
    assert list(path.parent.glob(f"{path.stem}*")) == []


def test_more_workers_come_in_beside_those_who_wait(path: Path) -> None:
    """An app that got more workers while it slept still answers the request that wakes it."""
    app = AppSocket(path)
    early = connected(path)
    app.grow(2)
    app.show({0, 1})
    app.current.listeners[0].setblocking(True)
    server, _ = app.current.listeners[0].accept()
    server.send(b"z")
    assert early.recv(1) == b"z"
    app.current.listeners[0].setblocking(False)
    assert reached(slot_path(path, 1), app) == 1
    for each in (early, server):
        each.close()
    app.close()


def test_a_failure_on_the_way_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk no link can be made: connections go on to whom they went."""
    app = AppSocket(path)
    fresh = app.fresh(1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", full)
        with pytest.raises(OSError, match="No space"):
            app.publish(fresh)
    fresh.close()
    assert reached(path, app) == 0
    app.close()


def test_a_successor_keeps_its_paths(path: Path) -> None:
    """Who closes late takes nothing away from whoever serves in the same place by then."""
    first = AppSocket(path)
    second = AppSocket(path)
    first.close()
    assert reached(path, second) == 0
    second.close()
