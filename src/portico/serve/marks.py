"""The marks that the front looks for: an app that starts, an app that is down after a crash."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from portico.serve.rundir import RunDirectory, write_whole

PATIENCE = 1.0  # seconds of starting before people see the waiting page


class Marks:
    """Two files of one app. A disk that is full costs a page its text, never the app its life."""

    def __init__(self, run: RunDirectory, name: str) -> None:
        self._starting = run.starting / name
        self._crashed = run.crashed / name
        self._timer: asyncio.TimerHandle | None = None

    def starting(self, known_slow: bool) -> None:
        """Mark the app as starting: at once when it took long before, else unless it is there within a second."""
        self._cancel()
        if known_slow:
            self._mark_starting()
        else:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._mark_starting)

    def crashed(self, lines: Sequence[str]) -> None:
        """Mark the app as crashed, with its last lines."""
        self._cancel()
        with contextlib.suppress(OSError):
            self._starting.unlink(missing_ok=True)
        try:
            write_whole(self._crashed, "\n".join(lines) + "\n")
        except OSError:
            with contextlib.suppress(OSError):
                self._crashed.touch()

    def clear(self) -> None:
        """The app runs, or is gone."""
        self._cancel()
        for mark in (self._starting, self._crashed):
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)

    def _mark_starting(self) -> None:
        if not self._crashed.exists():
            with contextlib.suppress(OSError):
                self._starting.touch()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
