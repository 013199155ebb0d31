"""What the supervisor tells a runner, read once from the environment variable PORTICO_RUNNER."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

VARIABLE = "PORTICO_RUNNER"


@dataclass(frozen=True, slots=True)
class Spec:
    """One worker of one app. Times are seconds, `*_fd` file descriptors; `prefix` is "" or "/sales".

    `kind` is "file", "object" or "command". For a file `target` is its absolute path and `attribute` what
    to take from it ("server", "create_app()", or "" for whatever app it holds); for an object `target` is
    "module:object" or "module:factory()"; for a command `argv` holds the words, {port} or {socket} still in
    them. `text` is the `run` setting as written, for messages.
    """

    name: str
    kind: str
    text: str
    target: str
    attribute: str
    argv: tuple[str, ...]
    folder: str
    prefix: str
    threads: int
    request_timeout: float
    start_timeout: float
    listen_fd: int
    status_fd: int
    lifeline_fd: int
    stats_fd: int | None
    dev: bool
    site_url: str
    prepare: str | None

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """Read the value of PORTICO_RUNNER; ValueError or KeyError when the supervisor did not write it."""
        raw: dict[str, Any] = json.loads(text)
        run = raw.pop("run")
        return cls(
            name=raw["name"],
            kind=run["kind"],
            text=run["text"],
            target=run.get("target", ""),
            attribute=run.get("attribute", ""),
            argv=tuple(run.get("argv", ())),
            folder=raw["folder"],
            prefix=raw["prefix"],
            threads=int(raw["threads"]),
            request_timeout=float(raw["request_timeout"]),
            start_timeout=float(raw["start_timeout"]),
            listen_fd=int(raw["listen_fd"]),
            status_fd=int(raw["status_fd"]),
            lifeline_fd=int(raw["lifeline_fd"]),
            stats_fd=raw.get("stats_fd"),
            dev=bool(raw.get("dev")),
            site_url=raw["site_url"],
            prepare=raw.get("prepare"),
        )

    @property
    def fds(self) -> tuple[int, ...]:
        """The inherited file descriptors."""
        fds = (self.listen_fd, self.status_fd, self.lifeline_fd, self.stats_fd)
        return tuple(fd for fd in fds if fd is not None)
