"""What people get wrong at the command line: one line that says where, what, and what would be right."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from portico.cli.place import read_place, running_folder
from portico.errors import UserError
from portico.gate.accounts import desk
from portico.serve.ask import answer

Run = Callable[..., str]

SITE = '[roles]\nanalyst = "Reads"\n[apps.sales]\nrun = "app.py"\n'
NO_SITE = "portico: no portico.toml here or in a folder above; go to the site's folder, or name the file: --file FILE"


@pytest.fixture
def wrong(tmp_path: Path) -> Run:
    """Runs `portico ...` in a folder; returns what it says to a person."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTICO_")}

    def run(*args: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "portico", *args],
            cwd=tmp_path,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr
        return done.stderr.strip()

    return run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder of a small site."""
    (tmp_path / "portico.toml").write_text(SITE)
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    return tmp_path


@pytest.mark.parametrize(
    "verb", ["status", "logs", "reload", "restart", "stop", "user list", "audit", "backup"]
)
def test_a_folder_without_a_site_is_not_called_a_site_that_does_not_run(wrong: Run, verb: str) -> None:
    """Whoever is in the wrong folder learns that, and not that the site is down."""
    assert wrong(*verb.split()) == NO_SITE


def test_a_site_file_that_is_not_there_is_named(wrong: Run) -> None:
    """A mistyped --file is not a site that does not run."""
    assert wrong("status", "--file", "nothing/portico.toml") == "portico: nothing/portico.toml: no such file"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("user list --role analist", 'portico: no such role: "analist"; did you mean "analyst"?'),
        ("user list --group nope", 'portico: no such group: "nope"'),
        ("user export --role analist", 'portico: no such role: "analist"; did you mean "analyst"?'),
        ("user add a@example.org --role zzz", 'portico: no such role: "zzz"; there are admin, analyst'),
        ("user export nowhere/people.csv", "portico: nowhere/people.csv: No such file or directory"),
        (
            "access why sales a@example.org",
            'portico: no such app: "a@example.org"; the address comes before the app',
        ),
        (
            "serve --listen nowhere",
            'portico: --listen: not an address: "nowhere"; write "127.0.0.1:8000", or ":8000" for every interface',
        ),
        ("access who zzz", 'portico: no such app: "zzz"; the site has sales'),
    ],
)
def test_a_slip_is_said_with_what_would_be_right(wrong: Run, site: Path, words: str, says: str) -> None:
    """In one line, without a traceback."""
    assert wrong(*words.split()) == says


def test_a_backup_into_a_folder_that_is_not_there_names_the_folder(wrong: Run, site: Path) -> None:
    """And not a temporary name that nobody typed."""
    assert wrong("backup", "nowhere/monday.tar.gz") == "portico: nowhere: no such folder"


def test_a_database_that_is_none_is_one_line(wrong: Run, site: Path) -> None:
    """A damaged file is a case for a backup."""
    (site / ".portico").mkdir()
    (site / ".portico" / "portico.db").write_text("this is no database at all, not even a small one")
    said = wrong("user", "list")
    assert said.endswith("portico.db: file is not a database; `portico restore` puts a backup in its place")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_elses_site_is_said_to_be_that() -> None:
    """Without permission to look there is no traceback: from the control socket and from the database."""
    owner = "run this command as the user who serves the site"
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        file = Path(name) / "portico.toml"
        file.write_text("")
        file.parent.chmod(0o755)
        with desk.open_desk(read_place(file)):
            (file.parent / ".portico" / "run").mkdir()
        os.seteuid(65534)
        try:
            with pytest.raises(UserError, match=f"control.sock: belongs to another user; {owner}"):
                answer(running_folder(file), "status")
            with (
                pytest.raises(UserError, match=f"unable to open database file; {owner}"),
                desk.open_desk(read_place(file)),
            ):
                pass
        finally:
            os.seteuid(0)


def test_the_help_of_a_verb_shows_whole_sentences() -> None:
    """Not their beginnings with three dots."""
    done = subprocess.run(
        [sys.executable, "-m", "portico", "user", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "..." not in done.stdout.partition("Commands:")[2]
