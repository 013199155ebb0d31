"""The front's lines: one for each request of an app, for insight. Every few seconds they are put aside for the gate.

nginx writes them as any access log, in pieces from memory; putting aside is its own way of doing so: rename, SIGUSR1.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path

NAME = "requests"  # of the file that nginx writes
EVERY = 10.0  # seconds
MOST = 64_000_000  # bytes that wait for a gate which does not come for them; then the oldest go


class FrontLines:
    """The folder of the lines. `send` gives nginx a signal."""

    def __init__(self, folder: Path, send: Callable[[signal.Signals], None]) -> None:
        self._folder = folder
        self._send = send

    def begin(self) -> None:
        """Make the folder; put aside what an earlier nginx wrote to its end."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._put_aside()

    async def keep(self) -> None:
        """Put aside again and again."""
        while True:
            await asyncio.sleep(EVERY)
            with contextlib.suppress(OSError):  # a full disk: nginx loses lines, nobody loses an answer
                if self._put_aside():
                    self._send(signal.SIGUSR1)
                    self._drop_oldest()

    def _put_aside(self) -> bool:
        """Whether there was something."""
        written = self._folder / NAME
        if not written.exists() or written.stat().st_size == 0:
            return False
        written.rename(self._folder / f"{time.time_ns()}.lines")
        return True

    def _drop_oldest(self) -> None:
        files = sorted(self._folder.glob("*.lines"))
        sizes = [file.stat().st_size for file in files]
        while sum(sizes) > MOST:
            files.pop(0).unlink(missing_ok=True)
            sizes.pop(0)
