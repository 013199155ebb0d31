"""What `portico status` tells, as plain values."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from portico.serve.banner import access_text, app_addresses

if TYPE_CHECKING:
    import psutil

    from portico.serve.front_process import Front
    from portico.serve.service import Service
    from portico.serve.supervisor import Supervisor


def status(supervisor: Supervisor) -> dict[str, Any]:
    """The site, its supervisor, front, gate and apps. Times in seconds; `weigh` adds the memory."""
    site = supervisor.site
    return {
        "name": site.name,
        "url": site.url,
        "pid": os.getpid(),
        "uptime": time.time() - supervisor.started,
        "front": _front(supervisor.front),
        "gate": _service(supervisor.gate),
        "apps": [
            _service(supervisor.apps[app.name])
            | {"addresses": app_addresses(site, app), "access": access_text(app.access)}
            for app in site.apps
            if app.name in supervisor.apps
        ],
    }


def _service(service: Service) -> dict[str, Any]:
    pids = [worker.pid for worker in service.serving]
    return {
        "name": service.launch.name,
        "kind": service.kind,
        "state": str(service.state),
        "uptime": time.time() - service.since,
        "pids": pids,
        "processes": [worker.pid for worker in service.workers.everyone],
        "requests": service.workers.requests,
        "in_flight": service.workers.in_flight,
        "restarts": service.crashes + service.workers.lost,
        "fault": service.fault,
    }


def _front(front: Front) -> dict[str, Any]:
    pids = [front.child.pid] if front.child is not None and front.child.alive else []
    return {
        "state": "running" if pids else "crashed",
        "uptime": time.time() - front.since,
        "pids": pids,
        "processes": pids,
        "restarts": front.restarts,
    }


def weigh(answer: dict[str, Any]) -> None:
    """Add the memory in bytes to a status. Slow with many processes: it asks the kernel about each."""
    answer["memory"] = memory([answer["pid"]], children=False)
    for part in (answer["front"], answer["gate"], *answer["apps"]):
        part["memory"] = memory(part.pop("processes"))


def memory(pids: Iterable[int], children: bool = True) -> int:
    """Bytes of memory of these processes and their children; pages that several share count once (Linux)."""
    import psutil

    total = 0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            family = [process, *(process.children(recursive=True) if children else ())]
        except psutil.Error:
            continue
        total += sum(_memory_of(member) for member in family)
    return total


def _memory_of(process: psutil.Process) -> int:
    import psutil

    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except (psutil.Error, OSError):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
