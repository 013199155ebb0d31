"""One worker of an app: a runner process, the moment it is ready, and what it counts."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import signal
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.serve.launch import Launch
from portico.serve.process import Child, ending

STATS = struct.Struct("<QIId")  # requests, in flight, WebSockets of these, time of the last activity
STATS_SIZE = 64
DRAIN_MARK = 3.0  # seconds; longer than the front keeps an idle connection to an app


class StartError(Exception):
    """A worker did not become ready; the text says why, for a person."""


class CrashError(Exception):
    """The last worker of an app ended by itself; the text says how."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a worker says when it serves: the kind of app it recognised, and notes for people."""

    kind: str
    notes: tuple[str, ...]


class Worker:
    """A started runner. `ready` becomes a Ready, or raises StartError. OSError: it could not be started."""

    def __init__(
        self,
        launch: Launch,
        *,
        listen_fd: int,
        slot: int,
        lifeline_fd: int,
        first: bool,
        on_line: Callable[[str], None],
        run: Path,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.launch = launch
        self.slot = slot  # which of the app's sockets it serves
        self.started = time.time()
        self.draining = False
        self.terminating = False
        self.ready: asyncio.Future[Ready] = loop.create_future()
        self.ready.add_done_callback(_seen)
        self._status = b""
        self._status_fd, told = os.pipe()
        stats_fd = -1
        try:
            stats_fd = _counters(run)
            self._stats = mmap.mmap(stats_fd, STATS_SIZE, mmap.MAP_SHARED, mmap.PROT_READ)
            fds = {
                "listen_fd": listen_fd,
                "status_fd": told,
                "lifeline_fd": lifeline_fd,
                "stats_fd": stats_fd,
            }
            self.child = Child(
                launch.argv,
                env=launch.env(fds, first),
                cwd=launch.cwd,
                pass_fds=[*fds.values()],
                on_line=on_line,
            )
        except BaseException:
            os.close(self._status_fd)
            raise
        finally:
            os.close(told)
            if stats_fd >= 0:
                os.close(stats_fd)
        os.set_blocking(self._status_fd, False)
        loop.add_reader(self._status_fd, self._hear)
        self.child.exited.add_done_callback(self._ended)

    @property
    def pid(self) -> int:
        """The runner's process id."""
        return self.child.pid

    @property
    def requests(self) -> int:
        """How many requests it has taken."""
        return int(STATS.unpack_from(self._stats)[0])

    @property
    def in_flight(self) -> int:
        """Requests and WebSockets that are open now."""
        return int(STATS.unpack_from(self._stats)[1])

    @property
    def only_websockets(self) -> bool:
        """Whether something is open here and all of it may be WebSockets, which end only when somebody ends them."""
        _, in_flight, websockets, _ = STATS.unpack_from(self._stats)
        return bool(in_flight) and (in_flight == websockets or self.launch.is_command)

    @property
    def last_activity(self) -> float:
        """Seconds since the epoch: when something last began or ended here."""
        return max(self.started, float(STATS.unpack_from(self._stats)[3]))

    async def wait_ready(self, timeout: float) -> Ready:
        """Wait until it serves. StartError: it said why not, ended, or took too long and was killed."""
        try:
            return await asyncio.wait_for(asyncio.shield(self.ready), timeout)
        except TimeoutError:
            self.child.kill()
            raise StartError(f"not ready after {timeout:g} s (start_timeout); killed") from None
        except asyncio.CancelledError:
            self.child.kill()
            raise

    async def drain(self, limit: float) -> None:
        """Let it finish what it has: no more keep-alive, then SIGTERM, and after `limit` seconds SIGKILL."""
        if not self.draining:
            self.draining = True
            self.child.send(signal.SIGUSR1)
        await asyncio.wait([self.child.exited], timeout=min(DRAIN_MARK, limit))
        await self.terminate(limit)

    async def terminate(self, limit: float) -> None:
        """SIGTERM (once: a second one means now), and after `limit` seconds SIGKILL."""
        if self.child.alive and not self.terminating:
            self.terminating = True
            self.child.send(signal.SIGTERM)
        await asyncio.wait([self.child.exited], timeout=limit)
        self.child.kill()
        await asyncio.wait([self.child.exited], timeout=5)

    def _hear(self) -> None:
        try:
            data = os.read(self._status_fd, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._stop_hearing()
            return
        *lines, self._status = (self._status + data).split(b"\n")
        for line in lines:
            self._told(line)

    def _told(self, line: bytes) -> None:
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        if self.ready.done():
            return
        if event.get("event") == "ready":
            self.ready.set_result(Ready(str(event.get("kind", "")), tuple(map(str, event.get("notes", ())))))
        elif event.get("event") == "failed":
            self.ready.set_exception(StartError(str(event.get("reason", "failed"))))

    def _stop_hearing(self) -> None:
        if self._status_fd >= 0:
            asyncio.get_running_loop().remove_reader(self._status_fd)
            os.close(self._status_fd)
            self._status_fd = -1

    def _ended(self, exited: asyncio.Future[int]) -> None:
        if self._status_fd >= 0:
            self._hear()  # it may have said why just before it ended
        self._stop_hearing()
        if not self.ready.done():
            self.ready.set_exception(StartError(f"ended before it was ready: {ending(exited.result())}"))


def _seen(future: asyncio.Future[Ready]) -> None:
    """Nobody has to wait for a worker; without this asyncio would complain about the unseen exception."""
    if not future.cancelled():
        future.exception()


def _counters(run: Path) -> int:
    """A descriptor of 64 zero bytes that two processes can map: in memory where the system can."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("portico-stats", os.MFD_CLOEXEC)
    else:
        descriptor, name = tempfile.mkstemp(dir=run)
        Path(name).unlink()
    os.write(descriptor, bytes(STATS_SIZE))  # written, not truncated: a hole would fault on a full disk
    return descriptor
