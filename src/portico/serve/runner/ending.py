"""How a worker that has finished its work ends: everything the app registered for the end runs, then it is gone."""

from __future__ import annotations

import atexit
import os
import sys


class Ending:
    """Skips the one step after the exit functions: the interpreter's own teardown.

    Granian's network threads are still there then, and one that calls into an interpreter being torn down panics and
    may abort the process. Threads are joined and exit functions have run before: nothing of the app is lost.
    """

    def __init__(self) -> None:
        self._finished = False
        atexit.register(
            self._leave
        )  # exit functions run last in, first out: made first, this one is the last

    def finished(self) -> None:
        """The work is done: the process may end with status 0. Without this it ends as Python ends it."""
        self._finished = True

    def _leave(self) -> None:
        if self._finished:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
