"""The listening Unix sockets of one app, one for each worker, in generations: a new one takes the old one's place in
one step.

Each worker has a socket of its own, since workers on one shared socket do not share the work: the first that wakes
accepts all the connections that wait, and the front keeps them. The front connects to one path a worker. A path
whose worker does not serve leads to another worker's socket, and to the first one where nobody serves.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count
from pathlib import Path

BACKLOG = 4096  # requests that wait while an app wakes; the kernel's somaxconn may make it less


def slot_path(path: Path, slot: int) -> Path:
    """Where the front connects to for the worker in this slot: app.sock, app.sock.1, app.sock.2, ..."""
    return path.with_name(f"{path.name}.{slot}") if slot else path


@dataclass(frozen=True, slots=True)
class Generation:
    """One listening socket for each slot. `places`: where each is bound; `numbers`: of these in the file system."""

    listeners: tuple[socket.socket, ...]
    places: tuple[Path, ...]
    numbers: tuple[int, ...]

    def fileno(self, slot: int = 0) -> int:
        """The file descriptor that the worker in this slot inherits."""
        return self.listeners[slot].fileno()

    def close(self) -> None:
        """Let go of the sockets and their places."""
        self.let_go()
        self.remove()

    def let_go(self) -> None:
        """Close this process's copies; workers that inherited one go on serving it."""
        for listener in self.listeners:
            listener.close()

    def remove(self) -> None:
        """Take the places out of the file system; connections that are there stay."""
        for place in self.places:
            if self.holds(place):
                place.unlink()

    def holds(self, path: Path) -> bool:
        """Whether this path leads to one of these sockets, and not to those of a successor."""
        try:
            return path.stat().st_ino in self.numbers
        except OSError:
            return False


class AppSocket:
    """The paths that the front connects to. Who stands behind them changes without a refused connection."""

    def __init__(self, path: Path, slots: int = 1) -> None:
        self.path = path
        self._count = count()
        self._leads: dict[
            Path, Path
        ] = {}  # every path that the front may know, and the place that it leads to
        self._previous: Generation | None = None  # its places are still there
        self.current = self.fresh(slots)
        self.show(())

    def fresh(self, slots: int, first: int = 0) -> Generation:
        """New listening sockets beside the current ones; nobody connects to them before `publish`."""
        number = next(self._count)
        listeners: list[socket.socket] = []
        places: list[Path] = []
        try:
            for slot in range(first, first + slots):
                place = self.path.with_name(f"{self.path.stem}.{slot}.{number}")
                listeners.append(_bound(place))
                places.append(place)
        except BaseException:
            for listener, place in zip(listeners, places, strict=False):
                listener.close()
                place.unlink(missing_ok=True)
            raise
        return Generation(tuple(listeners), tuple(places), tuple(place.stat().st_ino for place in places))

    def grow(self, slots: int) -> None:
        """See to it that the current generation has at least this many slots. OSError: it stays as it is."""
        have = len(self.current.places)
        if slots > have:
            more = self.fresh(slots - have, first=have)
            now = self.current
            self.current = Generation(
                now.listeners + more.listeners, now.places + more.places, now.numbers + more.numbers
            )
            self.show({0})

    def publish(self, generation: Generation, serving: Collection[int] = ()) -> None:
        """From now on new connections reach `generation`. The previous one keeps those it already has.

        OSError: nothing has changed.
        """
        previous, self.current = self.current, generation
        try:
            self.show(serving)
        except OSError:
            self.current = previous
            raise
        previous.let_go()
        # Who has just read where a path leads still has to find it: the places stay until the next generation comes
        if self._previous is not None:
            self._previous.remove()
        self._previous = previous

    def show(self, serving: Collection[int]) -> None:
        """Lead each path to its own slot where that is `serving`, else to the first that is, else to the first.

        OSError (a full disk): each leads to where it led.
        """
        places = self.current.places
        elsewhere = places[min(serving, default=0)]
        known = max(len(places), len(self._leads))  # the front may still know slots that there are no longer
        wanted = {
            slot_path(self.path, slot): places[slot] if slot in serving else elsewhere
            for slot in range(known)
        }
        moves = {path: place for path, place in wanted.items() if self._leads.get(path) != place}
        beside = [path.with_name(f"{path.name}.n") for path in moves]
        for link, place in zip(beside, moves.values(), strict=True):
            link.unlink(missing_ok=True)
            link.symlink_to(place.name)
        for link, path in zip(beside, moves, strict=True):  # needs no room on the disk
            link.rename(path)
        self._leads |= moves

    def close(self) -> None:
        """Stop listening and remove the paths, unless they belong to a successor by now."""
        for path in self._leads:
            if self.current.holds(path):
                path.unlink()
        if self._previous is not None:
            self._previous.remove()
        self.current.close()


def _bound(place: Path) -> socket.socket:
    """A listening socket at this place. The kernel allows few bytes for its path."""
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
    return listener
