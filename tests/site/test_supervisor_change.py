"""What changes under a running site: new workers, a new portico.toml, new code, and no request that is lost."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from load import Load, get
from site_process import SiteProcess, short_folder

VERSIONED = """
from flask import Flask, request

app = Flask(__name__)

@app.route("/", methods=["GET", "POST"])
def index():
    return "version one " + str(len(request.data))
"""

TOML = """
[apps.sales]
run = "sales/app.py"
access = "public"
workers = 2

[apps.other]
run = "other/app.py"
access = "public"
"""


@pytest.fixture
def site() -> Iterator[SiteProcess]:
    """A site of two public apps, not started yet."""
    with short_folder() as folder:
        root = Path(folder)
        for name in ("sales", "other"):
            (root / name).mkdir()
            (root / name / "app.py").write_text(VERSIONED, encoding="utf-8")
        site = SiteProcess(root, TOML)
        try:
            yield site
        finally:
            site.stop()


def version(site: SiteProcess, app: str = "sales") -> str:
    """What an app says which version it is."""
    return get(f"{site.url}/{app}/").body.decode()


def change(site: SiteProcess, text: str, app: str = "sales") -> None:
    """Replace "version one" in an app's code."""
    place = site.root / app / "app.py"
    place.write_text(VERSIONED.replace("version one", text), encoding="utf-8")


def test_restart_replaces_the_workers_without_losing_a_request(site: SiteProcess) -> None:
    """Under load of GETs and POSTs on kept connections, three restarts in a row lose nothing."""
    site.start()
    pids = site.wait_until(lambda: len(p := site.app("sales")["pids"]) == 2 and p)
    with Load(f"{site.url}/sales/", threads=6, posts=True) as load:
        for number in range(3):
            change(site, f"version {number}")
            done = site.portico("restart", "sales")
            assert (done.stdout, done.returncode) == ("sales: replaced\n", 0), done.stderr
            old, pids = pids, [*pids, *site.app("sales")["pids"]]
        site.wait_until(lambda: not any(psutil.pid_exists(pid) for pid in old), what="old workers gone")
    assert load.failures == []
    assert load.count > 50
    assert version(site).startswith("version 2")
    assert set(site.app("sales")["pids"]).isdisjoint(old)
    assert site.app("sales")["requests"] >= load.count


def test_code_that_does_not_start_leaves_the_old_workers_in_place(site: SiteProcess) -> None:
    """`portico restart` says why, ends with 1, and the app goes on as it was."""
    site.start()
    place = site.root / "sales" / "app.py"
    place.write_text("import no_such_module_here\n", encoding="utf-8")
    with Load(f"{site.url}/sales/", threads=2) as load:
        site.portico("restart", "sales")
        done = site.portico("restart", "sales")
    assert done.returncode == 1
    assert "no_such_module_here" in done.stderr
    assert done.stderr.count("Traceback") == 1  # this try's, and not those before it
    assert "the old workers go on serving" in done.stderr
    assert load.failures == []
    assert version(site).startswith("version one")
    assert site.app("sales")["state"] == "running"


def test_restart_knows_the_names(site: SiteProcess) -> None:
    """A name that is not an app's is an error; without a name every app gets new workers."""
    site.start()
    wrong = site.portico("restart", "sails")
    assert wrong.returncode == 1
    assert "there is no app sails" in wrong.stderr
    assert sorted(site.portico("restart").stdout.splitlines()) == ["other: replaced", "sales: replaced"]
    (old,) = site.status()["gate"]["pids"]
    with Load(f"{site.url}/-/sign-in", threads=2) as load:
        assert site.portico("restart", "gate").stdout == "gate: replaced\n"
        site.wait_until(lambda: not psutil.pid_exists(old), what="the old gate gone")
    assert load.failures == []


def test_reload_changes_only_what_changed(site: SiteProcess) -> None:
    """An app is added, one is changed, one is removed; the workers of the fourth stay the same."""
    shutil.copytree(site.root / "sales", site.root / "third")
    site.write(TOML + '[apps.third]\nrun = "third/app.py"\naccess = "public"\n')
    site.start()
    before = site.wait_until(lambda: len(p := site.app("sales")["pids"]) == 2 and p)
    third = site.app("third")["pids"]
    gate = site.status()["gate"]["pids"]
    assert site.portico("reload").stdout == "nothing changed\n"
    site.write(TOML + '[apps.third]\nrun = "third/app.py"\naccess = "public"\nthreads = 3\n')
    assert site.portico("reload").stdout == "changed third\n"
    assert site.status()["gate"]["pids"] == gate  # it sees nothing of threads
    third = site.app("third")["pids"]
    without_other = TOML.partition("[apps.other]")[0]
    changed = '[apps.third]\nrun = "third/app.py"\naccess = "public"\nthreads = 2\n'
    added = '[apps.fresh]\nrun = "other/app.py"\naccess = "public"\n'
    site.write(without_other + changed + added)
    with Load(f"{site.url}/sales/", threads=3, posts=True, kept=False) as load:
        done = site.portico("reload")
        assert done.stdout == "added fresh; removed other; changed third\n", done.stderr
    assert load.failures == []
    assert version(site, "fresh").startswith("version one")
    assert get(f"{site.url}/other/").status == 404
    assert site.app("sales")["pids"] == before
    assert set(site.app("third")["pids"]).isdisjoint(third)
    assert version(site, "third").startswith("version one")


def test_reload_closes_an_app_to_strangers_at_once(site: SiteProcess) -> None:
    """A changed access rule counts from the moment `portico reload` returns; the app's workers stay."""
    site.start()
    pids = site.app("other")["pids"]
    site.write(
        TOML.replace('run = "other/app.py"\naccess = "public"', 'run = "other/app.py"\naccess = "signed-in"')
    )
    assert site.portico("reload").returncode == 0
    site.wait_until(lambda: get(f"{site.url}/other/").status == 401, 3)
    assert site.app("other")["pids"] == pids


def test_a_wrong_file_changes_nothing(site: SiteProcess) -> None:
    """`portico reload` prints the problems and ends with 1; SIGHUP logs them; the site serves on."""
    site.start()
    site.write(TOML + '[apps.third]\nrun = "third/app.py"\naces = "public"\n')
    done = site.portico("reload")
    assert done.returncode == 1
    assert "apps.third.aces" in done.stderr
    assert site.process is not None
    site.process.send_signal(signal.SIGHUP)
    site.wait_for("not reloaded")
    assert version(site).startswith("version one")
    site.write(TOML)
    site.process.send_signal(signal.SIGHUP)
    site.wait_for("reloaded: nothing changed")


def test_dev_reloads_an_app_when_its_code_changes(site: SiteProcess) -> None:
    """A saved file is served within seconds; a broken one shows its error and leaves the old code in place."""
    site.verb = "dev"
    site.start()
    other = site.app("other")["pids"]
    site.wait_until(lambda: version(site).startswith("version one"))
    change(site, "version two")
    site.wait_until(lambda: version(site).startswith("version two"))
    place = site.root / "sales" / "app.py"
    place.write_text("this is not Python\n", encoding="utf-8")
    site.wait_for("the old workers go on serving")
    assert version(site).startswith("version two")
    change(site, "version three")
    site.wait_until(lambda: version(site).startswith("version three"))
    assert site.app("other")["pids"] == other
    assert "sales | GET /sales/ 200" in site.output()


def test_dev_reads_a_changed_site_file(site: SiteProcess) -> None:
    """An app that is added to portico.toml is there without a command, from the first moment on."""
    site.verb = "dev"
    site.start()
    site.write(TOML + '[apps.third]\nrun = "other/app.py"\naccess = "public"\n')
    site.wait_until(lambda: get(f"{site.url}/third/").status == 200)


def test_dev_refuses_to_listen_to_the_world(site: SiteProcess) -> None:
    """A debugger runs code for whoever reaches it: `portico dev` listens on loopback only."""
    site.verb = "dev"
    site.write(f'[site]\nlisten = "0.0.0.0:{site.port}"\n' + TOML)
    site.start(wait=False)
    assert site.process is not None
    assert site.process.wait(20) == 1
    assert "on this machine only, not on 0.0.0.0" in site.portico("dev").stderr
