"""What a runner tells the supervisor about itself: one line of JSON an event."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import NoReturn


class Status:
    """The write end of the status pipe. `ready` and `failed` close it: there is nothing more to say."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def ready(self, kind: str, notes: Sequence[str] = ()) -> None:
        """The app is loaded and its requests are being answered from now on."""
        self._say({"event": "ready", "kind": kind, "notes": list(notes)})

    def fail(self, reason: str) -> NoReturn:
        """The app cannot be served: say why in one line for a person; end this process with exit status 1."""
        self._say({"event": "failed", "reason": " ".join(reason.split())})
        raise SystemExit(1)

    def _say(self, event: dict[str, object]) -> None:
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        try:
            os.write(fd, json.dumps(event).encode() + b"\n")
        except BrokenPipeError:  # the supervisor is gone; the lifeline ends this process
            pass
        finally:
            os.close(fd)
