"""The listening Unix socket of one app, in generations: a new one takes the old one's path in one step."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path

BACKLOG = 4096  # requests that wait while an app wakes; the kernel's somaxconn may make it less


@dataclass(slots=True)
class Generation:
    """One listening socket. `place` is where it is bound now."""

    listener: socket.socket
    place: Path

    def fileno(self) -> int:
        """The file descriptor that workers inherit."""
        return self.listener.fileno()

    def close(self) -> None:
        """Let go of this process's copy; workers that inherited it go on serving it."""
        self.listener.close()


class AppSocket:
    """The path that the front connects to. Who stands behind it changes without a refused connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number = 0  # of the file in the file system
        self.current = self._bind()
        self._move(self.current)

    def fresh(self) -> Generation:
        """A new listening socket beside the current one; nobody connects to it before `publish`."""
        return self._bind()

    def publish(self, generation: Generation) -> None:
        """From now on new connections reach `generation`. The previous one keeps those it already has."""
        previous = self.current
        self._move(generation)
        self.current = generation
        previous.close()

    def discard(self, generation: Generation) -> None:
        """Give up a generation that was never published."""
        generation.close()
        generation.place.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop listening and remove the path, unless it belongs to a successor by now."""
        self.current.close()
        with contextlib.suppress(OSError):
            if self.path.stat().st_ino == self._number:
                self.path.unlink()

    def _bind(self) -> Generation:
        # One at a time is in the making. The suffix is short because the kernel allows few bytes.
        place = self.path.with_name(f"{self.path.name}.n")
        place.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(place))
            # nginx's workers may run as another user. The folder above (0700) is what keeps strangers out.
            with contextlib.suppress(OSError):
                place.chmod(0o660)
            listener.listen(BACKLOG)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
        return Generation(listener, place)

    def _move(self, generation: Generation) -> None:
        generation.place.rename(self.path)
        generation.place = self.path
        self._number = self.path.stat().st_ino
