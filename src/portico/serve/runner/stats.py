"""The request counters of one worker, in a small shared file that the supervisor reads."""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time

LAYOUT = struct.Struct("<QIId")  # requests in total, in flight, WebSockets of these, last activity
SIZE = 64


class Stats:
    """Counts requests and open WebSockets. Safe to call from several threads.

    The whole record is written in one go after each change: the supervisor may read while we write, and a
    torn counter would at worst show one wrong number once.
    """

    __slots__ = ("_lock", "_memory", "_total", "_websockets", "in_flight")

    def __init__(self, fd: int | None) -> None:
        self._memory: mmap.mmap | bytearray = bytearray(SIZE)
        if fd is not None:
            self._memory = mmap.mmap(fd, SIZE)
            os.close(fd)
        self._lock = threading.Lock()
        self._total = 0
        self._websockets = 0
        self.in_flight = 0

    def begin(self, *, websocket: bool = False) -> None:
        """A request has arrived."""
        with self._lock:
            self._total += 1
            self.in_flight += 1
            self._websockets += websocket
            self._write()

    def end(self, *, websocket: bool = False) -> None:
        """A request has been answered, or its client has gone."""
        with self._lock:
            self.in_flight -= 1
            self._websockets -= websocket
            self._write()

    def _write(self) -> None:
        LAYOUT.pack_into(self._memory, 0, self._total, self.in_flight, self._websockets, time.time())


def read(memory: bytes) -> tuple[int, int, float]:
    """The counters in `memory`: requests in total, in flight, time of the last activity (0.0: never)."""
    total, in_flight, _, last = LAYOUT.unpack_from(memory)
    return total, in_flight, last
