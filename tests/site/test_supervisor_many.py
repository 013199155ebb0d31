"""Many apps on one site: sleeping ones cost nothing, slow ones hold up nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from load import get
from site_process import SiteProcess, short_folder

APP = """
from flask import Flask

app = Flask(__name__)

@app.route("/")
def index():
    return "fine"
"""


@pytest.fixture
def root() -> Iterator[Path]:
    """An empty folder."""
    with short_folder() as folder:
        yield Path(folder)


def write(root: Path, name: str, code: str = APP, more: str = "") -> str:
    """Write an app; its table for portico.toml."""
    (root / name).mkdir()
    (root / name / "app.py").write_text(code, encoding="utf-8")
    return f'[apps.{name}]\nrun = "{name}/app.py"\naccess = "public"\n{more}\n'


def test_two_hundred_apps_of_which_195_sleep(root: Path, record_property: pytest.RecordProperty) -> None:
    """They start as quickly as one, the sleepers have no process, the supervisor stays small, each wakes when asked."""
    toml = "".join(
        write(root, f"a{number}", more='sleep_after = "1h"' if number >= 5 else "") for number in range(200)
    )
    begun = time.monotonic()
    with SiteProcess(root, toml) as site:
        ready = time.monotonic() - begun
        apps = site.status()["apps"]
        sleeping = [app for app in apps if app["state"] == "sleeping"]
        assert len(sleeping) == 195
        assert sum(app["memory"] for app in sleeping) == 0
        supervisor = psutil.Process(site.pid)
        record_property("ready_seconds", round(ready, 2))
        record_property("supervisor_rss", supervisor.memory_info().rss)
        record_property("front_memory", site.status()["front"]["memory"])
        print(
            f"200 apps, 195 asleep: ready after {ready:.1f} s; supervisor {supervisor.memory_info().rss / 1e6:.0f} MB, "
            f"front {site.status()['front']['memory'] / 1e6:.0f} MB, sleeping apps 0 MB"
        )
        assert supervisor.memory_info().rss < 80_000_000
        assert supervisor.num_fds() < 300
        for number in (0, 7, 100, 199):
            assert get(f"{site.url}/a{number}/").body == b"fine"
        site.wait_until(lambda: sum(app["state"] == "running" for app in site.status()["apps"]) == 8)


def test_apps_that_never_finish_importing_hold_up_nobody(root: Path) -> None:
    """Only a few apps import at once, but one that is asked for does not stand in their line."""
    stuck = "import time\ntime.sleep(3600)\n"
    toml = "".join(write(root, f"stuck{number}", stuck) for number in range(8)) + write(root, "zz-fine")
    with SiteProcess(root, toml) as site:
        assert get(f"{site.url}/zz-fine/").body == b"fine"  # the others are given up after 120 s only


def test_without_being_asked_for_every_app_gets_its_turn(root: Path) -> None:
    """More apps than cores all start, without a request."""
    toml = "".join(write(root, f"a{number}") for number in range(8))
    with SiteProcess(root, toml) as site:
        site.wait_until(lambda: all(app["state"] == "running" for app in site.status()["apps"]), 60)
