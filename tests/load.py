"""Requests against a site: one, or many threads' worth with every failure written down."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `headers` in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def get(
    url: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes | None = None
) -> Answer:
    """One request on a connection of its own; follows nothing."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        return _ask(connection, url, method, body, headers or {})
    finally:
        connection.close()


class Load:
    """Asks for `url` from several threads until the block ends, on kept connections or not; with `posts` every other is one.

    `failures` has a line for each answer that was not 200 and each connection that broke. With `once`, each thread asks
    one time and the block waits for the answers.
    """

    def __init__(
        self,
        url: str,
        *,
        threads: int = 4,
        once: bool = False,
        posts: bool = False,
        kept: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.count = 0
        self.failures: list[str] = []
        self._url = url
        self._once = once
        self._posts = posts
        self._kept = kept
        self._headers = dict(headers or {})
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._once:
            self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self) -> None:
        parts = urlsplit(self._url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        number = 0
        while not self._over.is_set():
            number += 1
            try:
                posts = self._posts and number % 2 == 0
                answer = _ask(
                    connection, self._url, *(("POST", b"x" * 1000) if posts else ("GET", None)), self._headers
                )
                problem = "" if answer.status == 200 else f"{answer.status} {answer.body[:200]!r}"
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
                connection.close()
            if not self._kept:
                connection.close()
            with self._lock:
                self.count += 1
                if problem:
                    self.failures.append(problem)
            if self._once:
                break
        connection.close()


def _ask(
    connection: http.client.HTTPConnection,
    url: str,
    method: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> Answer:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, target, body=body, headers=dict(headers))
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
