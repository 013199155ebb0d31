"""Asking the supervisor of this copy of the site about its apps, on the control socket beside the gate's own.

The gate and `serve` share no code: they meet on that socket, one JSON line there, JSON lines back. The gate asks for
the state of apps, their log and a restart, and for nothing else. Several copies of a site (several hosts or containers
on one database) have a supervisor each; a gate reaches the one that started it.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portico.errors import UserError

SOCKET = "control.sock"
PATIENCE = 5.0  # seconds for an answer that takes no work
RESTART_PATIENCE = 900.0  # a restart ends when the app has started or given up
LARGEST_LINE = 1 << 20


class NoSupervisorError(UserError):
    """There is nobody to ask."""

    def __init__(self) -> None:
        super().__init__("the supervisor of this site does not answer; is it served by `portico serve`?")


@dataclass(frozen=True, slots=True)
class AppState:
    """How one app (or the gate) is doing. Times in seconds, memory in bytes."""

    name: str
    state: str
    uptime: float
    workers: int
    memory: int
    requests: int
    restarts: int
    addresses: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class SiteState:
    """This copy of the site: on which host it runs, and how its apps are doing."""

    host: str
    uptime: float
    memory: int
    apps: dict[str, AppState] = field(default_factory=dict)
    gate: AppState | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """What an app wrote, and when."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The supervisor of the run folder in which this gate lives; None: this gate was not started by one."""

    folder: Path | None

    def state(self) -> SiteState:
        """Everything that `portico status` tells. NoSupervisorError: there is nobody to ask."""
        answer = self._last({"verb": "status"})
        return SiteState(
            host=socket.gethostname(),
            uptime=float(answer.get("uptime", 0)),
            memory=sum(int(part.get("memory", 0)) for part in (answer, answer["front"], answer["gate"])),
            apps={app["name"]: _app(app) for app in answer.get("apps", [])},
            gate=_app(answer["gate"]),
        )

    def log(self, app: str, lines: int) -> list[LogLine]:
        """The last lines of an app's log. UserError: there is no such app, or nobody to ask."""
        question = {"verb": "logs", "app": app, "lines": lines}
        return [
            LogLine(datetime.fromtimestamp(one["time"], UTC), str(one["text"]))
            for one in self._ask(question, PATIENCE)
        ]

    def restart(self, app: str, patience: float) -> bool:
        """Give an app new workers; the old ones serve until they are ready.

        Waits at most `patience` seconds and says whether it is done; else it goes on without us. UserError: the new
        workers did not start, with their last words.
        """
        results: queue.Queue[UserError | None] = queue.Queue()

        def ask() -> None:  # who hangs up calls the restart off: somebody has to wait
            try:
                self._last({"verb": "restart", "apps": [app]}, RESTART_PATIENCE)
            except UserError as error:
                results.put(error)
            else:
                results.put(None)

        threading.Thread(target=ask, name=f"restart {app}", daemon=True).start()
        try:
            fault = results.get(timeout=patience)
        except queue.Empty:
            return False
        if fault is not None:
            raise fault
        return True

    def _last(self, question: dict[str, Any], patience: float = PATIENCE) -> dict[str, Any]:
        answers = list(self._ask(question, patience))
        return answers[-1] if answers else {}

    def _ask(self, question: dict[str, Any], patience: float) -> Iterator[dict[str, Any]]:
        if self.folder is None:
            raise NoSupervisorError
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(patience)
            try:
                connection.connect(str(self.folder / SOCKET))
                with connection.makefile("rwb") as stream:
                    stream.write(json.dumps(question).encode() + b"\n")
                    stream.flush()
                    yield from _messages(stream)
            except (OSError, ValueError) as error:
                raise NoSupervisorError from error


def _messages(stream: Any) -> Iterator[dict[str, Any]]:
    while line := stream.readline(LARGEST_LINE):
        message: dict[str, Any] = json.loads(line)
        if "error" in message:
            raise UserError(str(message["error"]))
        if message.get("done"):
            return
        yield message
    raise NoSupervisorError


def _app(answer: dict[str, Any]) -> AppState:
    return AppState(
        name=answer["name"],
        state=answer["state"],
        uptime=float(answer["uptime"]),
        workers=len(answer["pids"]),
        memory=int(answer.get("memory", 0)),
        requests=int(answer["requests"]),
        restarts=int(answer["restarts"]),
        addresses=tuple(answer.get("addresses", ())),
        fault=answer.get("fault") or "",
    )
