"""Bytes on their way: streams, WebSockets, large bodies, connections that break, clients that are slow."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from front_site import OK, FrontSite, Request, example_app, parse, token
from portico.site import Access, Run, RunKind
from site_process import eventually

PUBLIC = Access(public=True)
LARGE = 30_000_000


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    command = Run(RunKind.COMMAND, "serve {port}", argv=("serve", "{port}"))
    apps = [
        example_app("app", access=PUBLIC, max_body=LARGE),
        example_app("command", access=PUBLIC, run=command),
        example_app("closed", max_body=LARGE),
    ]
    with FrontSite(any_nginx, apps) as front:
        yield front
        assert not any(upstream.problems for upstream in (front.gate, *front.apps.values()))


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    site.reset()


class Drip:
    """An app that sends a short chunk, then waits until its client has got something; `unseen` counts where it did not."""

    def __init__(self, *headers: str) -> None:
        self.unseen = 0
        self._headers = headers
        self._seen = threading.Semaphore(0)

    def __call__(self, request: Request) -> bytes:
        head = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *self._headers]
        request.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        for number in range(4):
            request.socket.sendall(b"%x\r\ndata: %04d\n\n\r\n" % (12, number))
            self.unseen += not self._seen.acquire(timeout=5)
        return b"0\r\n\r\n"

    def asked(self, site: FrontSite, target: str, *headers: str) -> None:
        """Read the answer as it comes."""
        with site.connect() as connection:
            lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *headers]
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            while connection.recv(65536):
                self._seen.release()


def test_a_marked_stream_arrives_chunk_by_chunk(site: FrontSite) -> None:
    """The runner marks what an app streams, so that no app needs to know nginx."""
    drip = site.apps["app"].answer = Drip("Content-Type: text/event-stream", "X-Accel-Buffering: no")
    drip.asked(site, "/app/events")
    assert drip.unseen == 0


def test_a_marked_stream_of_html_is_compressed_and_still_arrives_chunk_by_chunk(site: FrontSite) -> None:
    drip = site.apps["app"].answer = Drip("Content-Type: text/html", "X-Accel-Buffering: no")
    drip.asked(site, "/app/", "Accept-Encoding: gzip")
    assert drip.unseen == 0


def test_a_commands_stream_arrives_chunk_by_chunk_without_a_mark(site: FrontSite) -> None:
    drip = site.apps["command"].answer = Drip("Content-Type: text/event-stream")
    drip.asked(site, "/command/events")
    assert drip.unseen == 0


def test_a_websocket_opens_and_carries_bytes_both_ways(site: FrontSite) -> None:
    def shout(request: Request) -> None:
        assert request.header("Upgrade") == "websocket"
        assert (request.header("Connection") or "").lower() == "upgrade"
        switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        request.socket.sendall(switch)
        while data := request.socket.recv(100):
            request.socket.sendall(data.upper())

    site.apps["closed"].answer = shout
    with site.connect() as connection:
        head = (
            "GET /closed/ws HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
            f"Cookie: {site.site.session_cookie}={token('a')}\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert b" 101 " in connection.recv(4096).split(b"\r\n")[0]
        for word in (b"one", b"two", b"\x81\x85"):
            connection.sendall(word)
            assert connection.recv(100) == word.upper()


def test_other_upgrades_are_not_passed_on(site: FrontSite) -> None:
    site.ask("/app/", headers=[("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")])
    assert "upgrade" not in site.apps["app"].last.names


# -- large bodies


def memory(site: FrontSite) -> int:
    """Resident bytes of nginx's workers."""
    assert site.process is not None
    return sum(child.memory_info().rss for child in psutil.Process(site.process.pid).children())


def test_a_large_upload_arrives_whole_and_is_not_held_in_memory(site: FrontSite) -> None:
    body = b"0123456789" * (LARGE // 10)
    before = memory(site)
    assert site.ask("/app/", method="POST", body=body).status == 200
    assert hashlib.sha256(site.apps["app"].last.body).digest() == hashlib.sha256(body).digest()
    assert memory(site) - before < 8_000_000
    eventually(lambda: not [file for file in (site.layout.nginx / "body").rglob("*") if file.is_file()])


def test_a_person_uploads_as_much_as_the_app_takes(site: FrontSite) -> None:
    """The check and the pages on the way have no smaller limit of their own."""
    body = b"x" * 3_000_000
    assert site.ask("/closed/", method="POST", who="a", body=body).status == 200
    assert len(site.apps["closed"].last.body) == len(body)
    (site.layout.crashed / "closed").touch()
    assert site.ask("/closed/", method="POST", who="a", body=body).status == 503


def test_a_stranger_cannot_upload(site: FrontSite) -> None:
    """The answer comes before the body is read."""
    with site.connect() as connection:
        connection.sendall(b"POST /closed/ HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\nabc")
        assert b" 401 " in connection.recv(4096).split(b"\r\n")[0]
    assert site.apps["closed"].requests == []


def test_a_large_download_waits_for_a_slow_client_and_is_not_held_in_memory(site: FrontSite) -> None:
    sent = 0

    def download(request: Request) -> None:
        nonlocal sent
        request.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        for _ in range(LARGE // 10_000):
            request.socket.sendall(b"x" * 10_000)
            sent += 10_000

    site.apps["app"].answer = download
    before = memory(site)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", site.port))
        connection.sendall(b"GET /app/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.7)
        assert sent < LARGE / 2
        assert memory(site) - before < 8_000_000
        assert not [file for file in (site.layout.nginx / "proxy").rglob("*") if file.is_file()]
        received = 0
        while chunk := connection.recv(1_000_000):
            received += len(chunk)
    assert received > LARGE


# -- broken connections


def test_connections_to_an_app_are_kept(site: FrontSite) -> None:
    assert [site.ask("/app/").status for _ in range(5)] == [200] * 5
    assert (
        len({request.connection for request in site.apps["app"].requests}) <= 2
    )  # one for each nginx worker


def test_an_idle_connection_is_given_up_before_a_runner_stops_draining(site: FrontSite) -> None:
    site.ask("/app/")
    time.sleep(2.4)
    first = site.apps["app"].last.connection
    for _ in range(4):
        site.ask("/app/")
    assert first not in {request.connection for request in site.apps["app"].requests[1:]}


def breaking_once(request: Request, seen: list[int]) -> bytes | None:
    """Hang up on the first request, answer the second."""
    seen.append(request.connection)
    return None if len(seen) == 1 else OK


def test_a_get_whose_connection_broke_is_asked_once_more(site: FrontSite) -> None:
    seen: list[int] = []
    site.apps["app"].answer = lambda request: breaking_once(request, seen)
    assert site.ask("/app/").status == 200
    assert len(set(seen)) == 2


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_changes_things_is_never_sent_twice(site: FrontSite, method: str) -> None:
    seen: list[int] = []
    site.apps["app"].answer = lambda request: breaking_once(request, seen)
    assert site.ask("/app/", method=method, body=b"1").status == 502
    assert len(seen) == 1


def test_a_get_is_tried_twice_at_most(site: FrontSite) -> None:
    site.apps["app"].answer = lambda _request: None
    assert site.ask("/app/").status == 502
    assert len(site.apps["app"].requests) == 2


def test_a_socket_that_was_swapped_gets_the_next_connection(any_nginx: Path) -> None:
    """What the supervisor does to replace an app's workers: rename a fresh socket over the old one."""
    from front_site import Upstream

    with FrontSite(any_nginx, [example_app("app", access=PUBLIC)]) as site:
        assert site.ask("/app/").status == 200
        fresh = Upstream(site.layout.sockets / "app.sock.2")
        try:
            (site.layout.sockets / "app.sock.2").rename(site.layout.sockets / "app.sock")
            time.sleep(2.2)
            assert site.ask("/app/", method="POST", body=b"1").status == 200
            assert (len(fresh.requests), len(site.apps["app"].requests)) == (1, 1)
        finally:
            fresh.close()


# -- slow clients


def test_a_thousand_slow_clients_stop_nobody(site: FrontSite) -> None:
    with contextlib.ExitStack() as stack:
        silent, dripping_head, dripping_body = [], [], []
        for number in range(1000):
            connection = stack.enter_context(site.connect())
            if number % 3 == 1:
                connection.sendall(b"GET /app/ HTTP/1.1\r\nHost: x\r\nX-Slow: ")
                dripping_head.append(connection)
            elif number % 3 == 2:
                connection.sendall(b"POST /app/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nx")
                dripping_body.append(connection)
            else:
                silent.append(connection)
        for _ in range(2):
            for connection in (*dripping_head, *dripping_body):
                connection.sendall(b"x")
            assert [site.ask("/app/").status for _ in range(20)] == [200] * 20
        assert len(site.apps["app"].requests) == 40


def test_two_requests_in_one_go_get_two_answers(site: FrontSite) -> None:
    request = b"GET /app/%d HTTP/1.1\r\nHost: x\r\n%s\r\n"
    data = site.raw(request % (1, b"") + request % (2, b"Connection: close\r\n"))
    assert data.count(b"HTTP/1.1 200 OK") == 2
    assert parse(data).status == 200
