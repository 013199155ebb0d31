"""A runner never outlives its supervisor: not after kill -9, not while the app is busy importing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask Linux to send this process `number` when the thread that started it ends. Elsewhere: no effect."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def watch(fd: int) -> None:
    """End this process and its children at once when the other end of the pipe `fd` closes.

    Not by the kernel's parent-death signal: it would end this process alone, and before it could end the jobs that
    the app started.
    """
    threading.Thread(target=_wait_for_end, args=(fd,), name="portico-lifeline", daemon=True).start()


def _wait_for_end(fd: int) -> None:
    while os.read(fd, 1):
        pass
    end_group()


def end_group() -> None:
    """Kill this process and everything it started that is still in its process group."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
