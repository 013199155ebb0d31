"""The mark that a worker is about to be replaced."""

from __future__ import annotations

import signal
from types import FrameType


class Drain:
    """Whether the supervisor asked this worker to close each connection after its response (SIGUSR1).

    The front then opens its next connection to the new worker, and this one can be stopped between two
    requests.
    """

    __slots__ = ("asked",)

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """From now on SIGUSR1 sets the mark. Call it in the main thread."""
        signal.signal(signal.SIGUSR1, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
