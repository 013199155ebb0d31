"""The run directory: short paths, one owner, one supervisor, whole files."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portico.errors import UserError
from portico.serve import rundir


def test_it_stands_in_the_state_folder_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0700 for state and run, even where the folder was open before."""
    state = Path("/tmp") / f"s-{tmp_path.name[-6:]}"
    try:
        run = rundir.make(state / "run", ["sales"])
        assert run.path == state / "run"
        assert (state.stat().st_mode & 0o777, run.path.stat().st_mode & 0o777) == (0o700, 0o700)
        run.path.chmod(0o755)
        assert rundir.make(state / "run", ["sales"]).path.stat().st_mode & 0o777 == 0o700
        assert rundir.find(state / "run").path == run.path
    finally:
        shutil.rmtree(state)


def test_a_long_path_has_a_short_name_that_others_find(tmp_path: Path) -> None:
    """The state folder links to it; the same state gives the same place; a socket path always fits."""
    state = tmp_path / ("x" * 90) / ".portico"
    name = "n" * 40
    run = rundir.make(state / "run", [name])
    try:
        assert len(str(run.socket(name))) <= 100
        assert rundir.find(state / "run").path == run.path == rundir.make(state / "run", [name]).path
        assert run.path.stat().st_uid == os.getuid()
    finally:
        shutil.rmtree(run.path)


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    """Another process is told the holder's pid; after its end the lock is free without tidying up."""
    run = rundir.make(tmp_path / "run", [])
    code = (
        "import sys, pathlib\nfrom portico.serve import rundir\n"
        f"run = rundir.RunDirectory(pathlib.Path({str(run.path)!r}))\nrun.lock()\n"
        "print('held', flush=True)\nsys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdin is not None
    try:
        assert other.stdout.readline() == b"held\n"
        assert run.locked()
        with pytest.raises(UserError, match=f"served already, by process {other.pid}"):
            run.lock()
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
        other.stdin.close()
    assert not run.locked()
    run.lock()
    run.unlock()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A failed write leaves the old text and no half file beside it."""
    place = tmp_path / "site.json"
    rundir.write_whole(place, "old")
    with pytest.raises(FileNotFoundError):
        rundir.write_whole(tmp_path / "missing" / "site.json", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["site.json"]
    assert place.read_text() == "old"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "no permission to write"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_failed_write_is_one_line(number: int, text: str) -> None:
    """Where, and what to do."""
    error = rundir.write_error(OSError(number, os.strerror(number), "/srv/site/run"), Path("/srv"))
    assert str(error).startswith("/srv/site/run: ")
    assert text in str(error)
    assert "\n" not in str(error)


def test_cleaning_keeps_nothing_of_an_earlier_run(tmp_path: Path) -> None:
    """Sockets, markers and nginx's files go; the folders are there."""
    run = rundir.make(tmp_path / "run", [])
    run.clean()
    (run.crashed / "sales").touch()
    (run.nginx / "nginx.conf").touch()
    run.clean()
    assert list(run.crashed.iterdir()) == list(run.nginx.iterdir()) == []


def test_the_fronts_answers_lie_in_memory_and_go_with_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed supervisor left there is found again; where there is little room nothing is put there."""
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(rundir, "MEMORY", memory)
    monkeypatch.setattr(rundir, "ROOM_IN_MEMORY", 1)
    killed = []
    for _ in range(2):  # nobody tidies up after the first
        run = rundir.make(tmp_path / "run", [])
        run.clean()
        killed.append(run.checks_in_memory())
        killed[-1].__enter__()
        (place,) = memory.iterdir()
        assert (run.nginx / "checks").readlink() == place
        assert place.stat().st_mode & 0o777 == 0o700
        (place / "answer").touch()
    run.clean()
    with run.checks_in_memory():
        assert len(list(memory.iterdir())) == 1
    assert list(memory.iterdir()) == []
    monkeypatch.setattr(rundir, "ROOM_IN_MEMORY", 10**18)
    with run.checks_in_memory():
        assert not (run.nginx / "checks").exists()
