"""Signals to a worker: none may be lost, and none may reach the app's own children in our meaning."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

NUDGE = signal.SIGURG  # ignored by default, and used by nobody here
PAUSE = 0.05  # seconds


def attend() -> None:
    """See to it that the main thread soon handles a signal. Call it in the main thread, before the server runs.

    Python runs handlers in the main thread, between two of its steps. A WSGI server's main thread only
    waits for a lock; a signal that comes just before it begins to wait would lie there until the next one.
    So Python is asked to report each signal to a thread, which a moment later interrupts the main thread's
    waiting.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.signal(NUDGE, _nothing)
    signal.signal(signal.SIGTERM, _send_again)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_nudge, args=(heard,), name="portico-signals", daemon=True).start()


def forget() -> None:
    """In a process forked by the app (a background callback): signals mean again what they always mean."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, NUDGE):
        signal.signal(number, signal.SIG_DFL)


def _nudge(heard: int) -> None:
    main = threading.main_thread().ident
    while numbers := os.read(heard, 64):
        if main is not None and set(numbers) - {NUDGE}:
            time.sleep(PAUSE)
            signal.pthread_kill(main, NUDGE)


def _nothing(number: int, frame: FrameType | None) -> None:
    """Interrupting is all that the signal is for."""


def _send_again(number: int, frame: FrameType | None) -> None:
    """A SIGTERM in the moment between `ready` and the server's own handler: let it come a little later."""
    threading.Timer(PAUSE, os.kill, (os.getpid(), number)).start()
