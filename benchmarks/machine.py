"""What machine this is, and how noisy: a number without them says nothing."""

from __future__ import annotations

import os
import platform
import statistics
import time
from importlib.metadata import version

PACKAGES = ("granian", "flask", "dash", "gunicorn", "uvicorn", "fastapi", "dash-auth")


def noise(rounds: int = 30) -> float:
    """The spread of a fixed piece of work: (slowest tenth - median) / median."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        sum(number * number for number in range(300_000))
        times.append(time.perf_counter() - start)
    times.sort()
    median = statistics.median(times)
    return (times[int(len(times) * 0.9)] - median) / median


def describe() -> str:
    """One paragraph: processors, Python, versions, load and noise."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; {versions}. "
        f"Load before the run {os.getloadavg()[0]:.1f}; the slowest tenth of a fixed piece of work took "
        f"{noise():.0%} longer than its median."
    )
