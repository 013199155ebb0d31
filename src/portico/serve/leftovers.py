"""The processes of this site, written down, so that the next start can end what a killed supervisor left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from portico.serve.rundir import write_whole

if TYPE_CHECKING:
    import psutil  # elsewhere imported when needed: most starts find nothing left


def write_down(path: Path, pids: Iterable[int]) -> None:
    """Record the groups that this supervisor started: each one's pid and start time. OSError: not written."""
    import psutil

    entries = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            entries.append({"pid": pid, "started": psutil.Process(pid).create_time()})
    write_whole(path, json.dumps({"boot": psutil.boot_time(), "groups": entries}))


def end_leftovers(path: Path) -> int:
    """End what an earlier supervisor recorded and left; returns how many groups that were.

    A group is ended only when its leader has the recorded start time, or when the leader is gone and every
    process left in the group is this user's and younger. What has a number by chance is left alone.
    """
    if not path.exists():
        return 0
    import psutil

    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        if abs(recorded["boot"] - psutil.boot_time()) > 60:
            return 0
        groups = [(int(entry["pid"]), float(entry["started"])) for entry in recorded["groups"]]
    except (OSError, ValueError, KeyError, TypeError):
        return 0  # none, or half written: nothing that could be trusted
    members = _members({pid for pid, _ in groups})
    ended = 0
    for pid, started in groups:
        if members[pid] and _ours(pid, started, members[pid]):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
                ended += 1
    psutil.wait_procs([process for group in members.values() for process in group], timeout=5)
    return ended


def _members(groups: set[int]) -> dict[int, list[psutil.Process]]:
    import psutil

    found: dict[int, list[psutil.Process]] = {group: [] for group in groups}
    for process in psutil.process_iter() if groups else ():
        with contextlib.suppress(OSError, psutil.Error):
            group = os.getpgid(process.pid)
            if group in found and process.status() != psutil.STATUS_ZOMBIE:
                found[group].append(process)
    return found


def _ours(pid: int, started: float, members: list[psutil.Process]) -> bool:
    import psutil

    try:
        leader = next((process for process in members if process.pid == pid), None)
        if leader is not None:
            return bool(abs(leader.create_time() - started) < 1.0)
        return all(
            process.create_time() >= started - 1.0 and process.uids().real == os.getuid()
            for process in members
        )
    except psutil.Error:
        return False
