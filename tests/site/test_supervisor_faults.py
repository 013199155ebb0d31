"""Killed processes, a second start, a bad place: nothing is left behind, and each mistake is one clear line."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from conftest import missing
from load import Load, get
from site_process import SiteProcess, eventually, free_port, short_folder

APP = """
import multiprocessing, os, time
from flask import Flask, request

app = Flask(__name__)

def work():
    time.sleep(600)

@app.route("/", methods=["GET", "POST"])
def index():
    return "fine"

@app.route("/job")
def job():
    process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    process.start()
    return str(process.pid)
"""

SLEEP = shutil.which("sleep") or "sleep"

TOML = """
[apps.one]
run = "one/app.py"
access = "public"

[apps.two]
run = "two/app.py"
access = "public"
"""


@pytest.fixture
def site() -> Iterator[SiteProcess]:
    """A site of two public apps, not started yet."""
    with short_folder() as folder:
        root = Path(folder)
        for name in ("one", "two"):
            (root / name).mkdir()
            (root / name / "app.py").write_text(APP, encoding="utf-8")
        site = SiteProcess(root, TOML)
        try:
            yield site
        finally:
            with contextlib.suppress(AssertionError):
                site.stop()


def family(pid: int) -> list[psutil.Process]:
    """Every process below this one."""
    return psutil.Process(pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run."""
    running = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                running.append(process)
    return running


def ended_with(site: SiteProcess, code: int = 1) -> str:
    """Start the site, which must end by itself with this code; what it said."""
    site.start(wait=False)
    assert site.process is not None
    assert site.process.wait(20) == code
    eventually(lambda: "portico: " in site.output(), 5)
    return site.output()


def test_kill_9_of_the_supervisor_leaves_nothing(site: SiteProcess) -> None:
    """Gate, front, apps and their background jobs end within moments, and the next start is clean."""
    site.start()
    get(f"{site.url}/one/job")
    processes = family(site.pid)
    assert len(processes) >= 6
    site.kill()
    eventually(lambda: not alive(processes), 5, "all processes ended")
    site.start()
    assert get(f"{site.url}/one/").status == 200
    assert site.output().count("portico: ready") == 1


@pytest.mark.parametrize("part", ["one", "gate", "front", "front worker"])
def test_kill_9_of_any_process_is_mended_and_the_others_do_not_notice(site: SiteProcess, part: str) -> None:
    """A killed app, gate, nginx or nginx worker is there again within seconds; app `two` stays the same process."""
    site.start()
    status = site.status()
    two = site.app("two")["pids"]
    if part in ("gate", "front"):
        pid = status[part]["pids"][0]
    elif part == "front worker":
        pid = psutil.Process(status["front"]["pids"][0]).children()[0].pid
    else:
        pid = site.app(part)["pids"][0]
    job = psutil.Process(int(get(f"{site.url}/one/job").body))
    os.kill(pid, 9)

    def mended() -> bool:
        with contextlib.suppress(OSError):
            return get(f"{site.url}/one/").status == get(f"{site.url}/-/sign-in").status == 200
        return False

    site.wait_until(mended, 15)
    assert site.app("two")["pids"] == two
    assert site.status()["gate"]["state"] == site.status()["front"]["state"] == "running"
    if part == "one":
        eventually(lambda: not alive([job]), 5, "the background job of the killed app ended")


def test_killing_the_gate_fails_no_request_of_a_public_app(site: SiteProcess) -> None:
    """Apps that ask nobody go on while the gate comes back, and sign-in pages wait for it."""
    site.start()
    with Load(f"{site.url}/two/", threads=3, posts=True) as load:
        os.kill(site.status()["gate"]["pids"][0], 9)
        assert get(f"{site.url}/-/sign-in").status == 200
    assert load.failures == []


def test_what_a_killed_supervisor_left_is_ended_by_the_next_start(site: SiteProcess) -> None:
    """A recorded process group that still runs is ended; a number that is somebody else's now is left alone."""
    run = site.root / ".portico" / "run"
    run.mkdir(parents=True)
    left = subprocess.Popen([SLEEP, "600"], start_new_session=True)
    stranger = subprocess.Popen([SLEEP, "600"], start_new_session=True)
    started = psutil.Process(left.pid).create_time()
    groups = [{"pid": left.pid, "started": started}, {"pid": stranger.pid, "started": started - 1000}]
    (run / "pids.json").write_text(
        json.dumps({"boot": psutil.boot_time(), "groups": groups}), encoding="utf-8"
    )
    try:
        site.start()
        assert left.wait(5) == -9
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        left.kill()
        left.wait()


def test_half_written_state_does_not_stand_in_the_way(site: SiteProcess) -> None:
    """Stale sockets, markers, a torn pids.json and a torn site.json are cleared away."""
    run = site.root / ".portico" / "run"
    (run / "sockets").mkdir(parents=True)
    (run / "crashed").mkdir()
    (run / "crashed" / "one").write_text("long ago", encoding="utf-8")
    (run / "pids.json").write_text('{"boot": 1, "gro', encoding="utf-8")
    (run / "site.json").write_text("{", encoding="utf-8")
    (run / "lock").write_text("4711\n", encoding="utf-8")
    for place in (run / "control.sock", run / "sockets" / "one.sock"):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(place))
    site.start()
    assert get(f"{site.url}/one/").status == 200


def test_a_second_start_says_who_serves_the_site(site: SiteProcess) -> None:
    """Two supervisors of one site would fight; the second one names the first one's pid."""
    site.start()
    second = site.portico("serve", "--port", str(free_port()))
    assert second.returncode == 1
    assert f"this site is being served already, by process {site.pid}" in second.stderr
    assert get(f"{site.url}/one/").status == 200


def test_a_taken_port_is_one_line_that_says_by_whom(site: SiteProcess) -> None:
    """Nothing is started when the port is not free; the line names the program that has it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site.port))
        taken.listen()
        said = ended_with(site)
    assert f"portico: 127.0.0.1:{site.port} is taken by " in said
    assert f"(process {os.getpid()})" in said
    assert said.count("\n") == 1


def test_an_app_with_its_own_taken_port_is_named_too(site: SiteProcess) -> None:
    """Every port of the site is looked at before anything starts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site.write(TOML + f"port = {port}\n")
        said = ended_with(site)
    assert f"portico: apps.two.port: 127.0.0.1:{port} is taken by " in said
    assert said.strip().endswith("; choose another there")


def test_a_place_that_cannot_be_written_is_one_line(site: SiteProcess) -> None:
    """The line names the folder and how to choose another."""
    site.write(f'[site]\nstate = "/proc/nowhere"\n{TOML}')
    said = ended_with(site)
    assert "/proc/nowhere" in said
    assert said.count("\n") == 1


def test_a_very_long_path_is_served_all_the_same(site: SiteProcess) -> None:
    """Socket paths are limited to about a hundred bytes; the run directory then has a short name elsewhere."""
    deep = site.root / ("d" * 60) / ("e" * 60)
    shutil.copytree(site.root, deep, ignore=lambda _, names: [n for n in names if n.startswith("d")])
    with SiteProcess(deep, TOML) as far:
        assert get(f"{far.url}/one/").status == 200
        assert far.portico("status").returncode == 0
        run = (deep / ".portico" / "run").resolve()
        assert len(str(run)) < 60
        assert run.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(run)


def test_a_bad_symlink_to_the_run_directory_is_refused(site: SiteProcess) -> None:
    """A link to somebody else's folder is not followed."""
    (site.root / ".portico").mkdir()
    (site.root / ".portico" / "run").symlink_to("/etc")
    with site:
        assert not (site.root / ".portico" / "run").is_symlink()


@pytest.fixture
def small_disk(site: SiteProcess) -> Iterator[Path]:
    """A file system of two megabytes on the site's state folder."""
    place = site.root / ".portico"
    place.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if not done or done.returncode:
        missing("the right to mount a small file system")
    try:
        yield place
    finally:
        site.stop()
        subprocess.run([shutil.which("umount") or "umount", str(place)], check=True)


def fill(place: Path) -> Path:
    """Write until the disk is full; the file that does it."""
    ballast = place / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return ballast


def test_a_full_disk_at_the_start_is_one_line(site: SiteProcess, small_disk: Path) -> None:
    """`portico serve` on a full disk says so and ends; when there is space again it serves."""
    ballast = fill(small_disk)
    said = ended_with(site)
    assert "the disk is full" in said
    assert "Traceback" not in said
    ballast.unlink()
    site.start()
    assert get(f"{site.url}/one/").status == 200


def test_a_disk_that_fills_up_does_not_stop_the_site(site: SiteProcess, small_disk: Path) -> None:
    """On a full disk apps are still served, restarted after a kill, and shown by `portico status`."""
    site.start()
    fill(small_disk)
    os.kill(site.app("one")["pids"][0], 9)
    site.wait_until(lambda: get(f"{site.url}/one/").status == 200)
    assert site.portico("restart", "two").stdout == "two: replaced\n"
    assert get(f"{site.url}/two/").status == 200
    assert "Traceback" not in site.output()


def test_closing_the_terminal_stops_the_site(site: SiteProcess) -> None:
    """A terminal that is closed sends the signal that otherwise means "reload"; nobody would know of the site."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "portico", "serve"],
        cwd=site.root,
        env=site.env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    os.close(theirs)
    try:
        eventually(lambda: site.portico("status").returncode == 0)
        processes = family(process.pid)
        os.close(ours)
        assert process.wait(20) == 0
        assert alive(processes) == []
    finally:
        process.kill()
        process.wait()


def test_verbs_for_a_site_that_does_not_run_say_so(site: SiteProcess) -> None:
    """One line and exit code 1 from each of them, also when portico.toml is wrong at the moment."""
    for toml in (TOML, "[apps.one]\nrnu = 1\n"):
        site.write(toml)
        for verb in ("status", "logs", "stop", "reload", "restart"):
            done = site.portico(verb)
            assert (done.returncode, done.stderr) == (
                1,
                "portico: this site is not running; `portico serve` starts it\n",
            )


def test_a_supervisor_whose_output_nobody_reads_goes_on(site: SiteProcess) -> None:
    """A closed pipe behind `portico serve | head -1` does not end the site."""
    command = [sys.executable, "-m", "portico", "serve"]
    process = subprocess.Popen(
        command, cwd=site.root, env=site.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        eventually(lambda: site.portico("status").returncode == 0)
        for _ in range(5):
            assert get(f"{site.url}/one/").status == 200
        time.sleep(0.2)
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(20)
