"""Start to first answer, wake of a sleeping app, 200 apps, and the requests lost while apps are restarted."""

from __future__ import annotations

import shutil
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from tests.site_process import SiteProcess, eventually

from benchmarks.portico_site import PorticoSite
from benchmarks.servers import APPS

SLOW_IMPORT = 0.5
SLOW = f"import time\ntime.sleep({SLOW_IMPORT})\n"


@dataclass(frozen=True)
class Fact:
    """One measured thing: a median with its unit, and how it was got."""

    what: str
    value: str
    how: str


def times(rounds: int, once: Callable[[], float]) -> tuple[str, str]:
    """The median of `once()` in seconds, and its spread, as text."""
    values = [once() for _ in range(rounds)]
    return (
        f"{statistics.median(values):.2f} s",
        f"median of {rounds}, {min(values):.2f} to {max(values):.2f} s",
    )


def first_answer(site: SiteProcess, path: str = "/-/sign-in") -> float:
    """Start the site, and return the seconds to the first 200; the site is left running."""
    begin = time.perf_counter()
    site.start(wait=False)

    def answers() -> bool:
        try:
            return httpx.get(site.url + path, timeout=30).status_code == 200
        except httpx.HTTPError:
            return False

    eventually(answers, 120, "first answer")
    return time.perf_counter() - begin


def start(folder: Path, rounds: int) -> list[Fact]:
    """The very first start, which makes database and keys, and later ones."""
    folder.mkdir()
    shutil.copy(APPS / "flask_json.py", folder / "app.py")
    site = SiteProcess(folder, '[apps.app]\nrun = "app.py"\n')

    def once() -> float:
        try:
            return first_answer(site)
        finally:
            site.stop()

    very_first = once()
    return [
        Fact("the very first `portico serve` to its first answer", f"{very_first:.2f} s", "once"),
        Fact("`portico serve` to its first answer", *times(rounds, once)),
    ]


def wake(folder: Path, rounds: int) -> list[Fact]:
    """A request to a sleeping app, beyond the time that the app's own import takes in a bare Python."""
    folder.mkdir()
    (folder / "app.py").write_text(
        SLOW + (APPS / "flask_json.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    site = SiteProcess(folder, '[apps.app]\nrun = "app.py"\naccess = "public"\nsleep_after = "1s"\n')
    site.start()

    def bare() -> float:
        begin = time.perf_counter()
        psutil.Popen([sys.executable, "-c", "import app"], cwd=folder).wait(30)
        return time.perf_counter() - begin

    def once() -> float:
        eventually(lambda: site.app("app")["state"] == "sleeping", 30, "asleep")
        time.sleep(4)  # its last worker still answers on kept connections for three seconds
        begin = time.perf_counter()
        assert httpx.post(f"{site.url}/app/sum", json={"data": [1, 2]}, timeout=30).json() == {"sum": 3}
        return time.perf_counter() - begin

    try:
        imports, woken = [statistics.median(one() for _ in range(rounds)) for one in (bare, once)]
        asleep = site.app("app")["memory"] if site.app("app")["state"] == "sleeping" else None
    finally:
        site.stop()
    return [
        Fact(
            "wake of a sleeping app beyond its import",
            f"{woken - imports:+.2f} s",
            f"{woken:.2f} s; import in a bare Python {imports:.2f} s",
        ),
        Fact("memory of a sleeping app", f"{(asleep or 0) / 1e6:.0f} MB", "it has no process"),
    ]


def memory(pid: int) -> float:
    """Megabytes that a process and all below it use, shared pages counted once (PSS where the system has it)."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    full = [process.memory_full_info() for process in processes]
    return sum(getattr(one, "pss", one.rss) for one in full) / 1e6


def many(folder: Path, apps: int = 200, awake: int = 5) -> list[Fact]:
    """A site of 200 apps of which five are awake."""
    folder.mkdir()
    shutil.copy(APPS / "flask_json.py", folder / "app.py")
    lines = []
    for number in range(apps):
        lines.append(f'[apps.app{number}]\nrun = "app.py"\naccess = "public"\n')
        lines.append('sleep_after = "1h"\n' if number >= awake else "")
    site = SiteProcess(folder, "".join(lines))
    try:
        seconds = first_answer(site)
        eventually(
            lambda: all(site.app(f"app{n}")["state"] == "running" for n in range(awake)), 60, "five awake"
        )
        total, supervisor = memory(site.pid), psutil.Process(site.pid).memory_info().rss / 1e6
    finally:
        site.stop()
    return [
        Fact(f"{apps} apps, {apps - awake} asleep: first answer", f"{seconds:.2f} s", "once"),
        Fact(
            f"{apps} apps, {apps - awake} asleep: memory of everything",
            f"{total:.0f} MB",
            f"supervisor {supervisor:.0f} MB of it",
        ),
    ]


def restarts(folder: Path, times_restarted: int = 5) -> list[Fact]:
    """POSTs without a pause from eight clients while the app is restarted again and again."""
    answered, failed, stop = [0], [0], threading.Event()
    with PorticoSite(folder) as site:

        def client() -> None:
            with httpx.Client(base_url=site.url, headers={"Cookie": site.cookie}, timeout=30) as browser:
                while not stop.is_set():
                    try:
                        good = browser.post("/flask/sum", json={"data": [1, 2]}).json() == {"sum": 3}
                    except (httpx.HTTPError, ValueError):
                        good = False
                    (answered if good else failed)[0] += 1

        clients = [threading.Thread(target=client) for _ in range(8)]
        for one in clients:
            one.start()
        for _ in range(times_restarted):
            done = site.process.portico("restart", "flask")
            assert done.returncode == 0, done.stderr
        time.sleep(4)  # the last workers replaced are told to stop after three seconds
        stop.set()
        for one in clients:
            one.join()
    return [
        Fact(
            f"failed requests in {times_restarted} restarts under load",
            str(failed[0]),
            f"of {sum(answered + failed):,} POSTs",
        )
    ]


def run(folder: Path, *, rounds: int) -> list[Fact]:
    """All facts of this file."""
    return [
        *start(folder / "start", rounds),
        *wake(folder / "wake", rounds),
        *many(folder / "many"),
        *restarts(folder / "restarts"),
    ]


def table(facts: list[Fact]) -> str:
    """The facts as a Markdown table."""
    return "\n".join(
        ["| | | how |", "|---|--:|---|", *(f"| {one.what} | {one.value} | {one.how} |" for one in facts)]
    )
