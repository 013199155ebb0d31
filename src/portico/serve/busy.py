"""Whether a worker has child processes that do something, such as Dash's background callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


def has_jobs(pids: Sequence[int]) -> bool:
    """Whether any of these processes has a child at work. multiprocessing's own helpers do not count."""
    return any(_jobs(pid) for pid in pids)


def _jobs(pid: int) -> bool:
    import psutil

    try:
        worker = psutil.Process(pid)
        children = worker.children(recursive=True)
    except psutil.Error:
        return False
    return any(_is_job(child, pid) for child in children)


def _is_job(child: psutil.Process, worker: int) -> bool:
    import psutil

    try:
        command = " ".join(child.cmdline())
        if child.status() == psutil.STATUS_ZOMBIE or "resource_tracker" in command:
            return False
        # The fork server itself is idle; what it forked has its command line but not its parent.
        return not ("forkserver" in command and child.ppid() == worker)
    except psutil.Error:
        return False
