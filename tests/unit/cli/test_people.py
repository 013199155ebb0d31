"""`portico user` and `portico role`, on a site that is not running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SITE = """
[site]
url = "https://apps.example.com"
[roles]
analyst = "Reads sales"
[apps.sales]
run = "app.py"
access = "analyst"
"""


@pytest.fixture
def portico(tmp_path: Path) -> Run:
    """Runs `portico ...` in the folder of a small site."""
    (tmp_path / "portico.toml").write_text(SITE)
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTICO_")}

    def run(*args: str, given: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portico", *args]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environ,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_people_are_added_listed_and_changed_without_a_running_site(portico: Run) -> None:
    """The database is made at the first use; the link carries the declared URL."""
    added = portico("user", "add", "Anna@Example.org", "--name", "Anna", "--role", "admin")
    assert added.returncode == 0, added.stderr
    assert "https://apps.example.com/-/reset/" in added.stdout
    listed = portico("user", "list").stdout
    assert "anna@example.org" in listed
    assert "admin" in listed
    assert portico("user", "roles", "anna@example.org", "--add", "analyst").stdout == (
        "anna@example.org: admin, analyst\n"
    )
    assert portico("user", "reset-link", "anna@example.org").stdout.count("/-/reset/") == 1


def test_every_verb_speaks_json(portico: Run) -> None:
    """For scripts."""
    added = json.loads(portico("user", "add", "bob@example.org", "--json").stdout)
    assert added["email"] == "bob@example.org"
    assert added["link"].startswith("https://apps.example.com/-/reset/")
    assert json.loads(portico("user", "list", "--json").stdout)[0]["active"] is True
    assert json.loads(portico("user", "disable", "bob@example.org", "--json").stdout)["active"] is False
    assert json.loads(portico("user", "enable", "bob@example.org", "--json").stdout)["active"] is True
    roles = json.loads(portico("role", "list", "--json").stdout)
    assert {role["name"]: role["apps"] for role in roles} == {"admin": [], "analyst": ["sales"]}
    assert json.loads(portico("role", "add", "writer", "--json").stdout)["name"] == "writer"
    assert json.loads(portico("role", "remove", "writer", "--json").stdout)["people"] == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ("user", "roles", "ana@example.org"),
            'no such person: "ana@example.org"; did you mean "anna@example.org"?',
        ),
        (
            ("user", "add", "x@example.org", "--role", "analist"),
            'no such role: "analist"; did you mean "analyst"?',
        ),
        (
            ("user", "add", "anna@example.org"),
            "there is an account with the address anna@example.org already",
        ),
        (("user", "add", "anna"), '"anna" is not a mail address'),
        (("user", "disable", "anna@example.org"), "anna@example.org is the last administrator"),
        (("user", "roles", "anna@example.org", "analyst"), "anna@example.org is the last administrator"),
        (("user", "roles", "anna@example.org", "--remove", "writer"), "does not have the role writer"),
        (("role", "remove", "analyst"), "declared in portico.toml"),
        (("role", "remove", "admin"), "cannot be removed"),
        (("role", "add", "Big Boss"), '"Big Boss" cannot be a role'),
        (("user", "add", "x@example.org", "--password-stdin"), "password: Use at least 10 characters."),
    ],
)
def test_mistakes_are_one_line(portico: Run, args: tuple[str, ...], said: str) -> None:
    """What is wrong, and what would be right; exit 1, no traceback."""
    portico("user", "add", "anna@example.org", "--role", "admin")
    done = portico(*args, given="short\n")
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_password_can_be_piped_in_and_is_never_shown(portico: Run) -> None:
    """For set-up by a script; no link is made then."""
    done = portico("user", "add", "bob@example.org", "--password-stdin", given="correct horse battery\n")
    assert done.returncode == 0, done.stderr
    assert "reset" not in done.stdout
    assert "correct horse" not in done.stdout + done.stderr


def test_people_come_in_from_a_file_and_go_out_into_one(portico: Run, tmp_path: Path) -> None:
    """A trial first, then all of it; what is wrong is said with its line, and an export overwrites nothing."""
    people = tmp_path / "people.csv"
    people.write_text("email,name,roles\nroot@example.org,Root,admin\nanna@example.org,Anna,analyst\n")
    trial = portico("user", "import", "people.csv", "--dry-run")
    assert "line 3: anna@example.org: added; name: Anna; gets analyst" in trial.stdout
    assert "2 would be added" in trial.stdout
    assert portico("user", "list", "--json").stdout.strip() == "[]"
    assert "2 are added" in portico("user", "import", "people.csv").stdout
    assert (
        "0 are added, 0 are changed, 2 are" in portico("user", "import", "-", given=people.read_text()).stdout
    )
    wrong = portico("user", "import", "-", given="email,roles\nroot@example.org,analist\nnobody,\n")
    assert wrong.returncode == 1
    assert "line 3" in wrong.stderr
    last = portico("user", "import", "-", given="email,state\nroot@example.org,disabled\n")
    assert "without an administrator" in last.stderr
    assert "anna" not in portico("user", "export", "--role", "admin").stdout
    assert portico("user", "export", "out.csv").returncode == 0
    assert (tmp_path / "out.csv").stat().st_mode & 0o077 == 0
    assert "is there already" in portico("user", "export", "out.csv").stderr
    assert portico("user", "import", "nothing.csv").stderr.strip().endswith("No such file or directory")


def test_groups_are_described_listed_and_searched_for_their_people(portico: Run) -> None:
    portico("user", "add", "anna@example.org")
    portico("user", "add", "ben@example.org")
    assert portico("group", "add", "readers", "--role", "analyst").returncode == 0
    portico("group", "members", "readers", "--add", "anna@example.org")
    assert portico("group", "describe", "readers", "Third  floor").stdout == "readers: Third floor\n"
    listed = json.loads(portico("group", "list", "--json").stdout)
    assert listed == [{"name": "readers", "description": "Third floor", "roles": ["analyst"], "people": 1}]
    people = json.loads(portico("user", "list", "--group", "readers", "--json").stdout)
    assert [one["email"] for one in people] == ["anna@example.org"]


def test_ways_to_sign_in_are_shown_and_a_wrong_one_is_one_line(portico: Run) -> None:
    portico("user", "add", "anna@example.org", "--password-stdin", given="tall white columns\n")
    assert portico("user", "ways", "anna@example.org").stdout.splitlines()[1].startswith("password")
    shown = json.loads(portico("user", "ways", "anna@example.org", "--json").stdout)
    assert [way["kind"] for way in shown["ways"]] == ["password"]
    wrong = portico("user", "ways", "anna@example.org", "--remove", "passkey-1")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert 'has no "passkey-1"' in wrong.stderr
    portico("user", "add", "ben@example.org")
    assert "no way to sign in" in portico("user", "ways", "ben@example.org").stdout


def test_an_import_with_invitations_prints_links_for_a_file(portico: Run) -> None:
    """What is for people goes to standard error, so that the other can be kept."""
    done = portico("user", "import", "-", "--invite", given="email,until\nanna@example.org,2999-12-31\n")
    assert done.returncode == 0, done.stderr
    assert "1 are added" in done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("anna@example.org,https://apps.example.com/-/reset/")
    assert "2999-12-31T23:59:59Z" in portico("user", "export").stdout
    again = json.loads(
        portico("user", "import", "-", "--invite", "--json", given="email\nb@example.org\n").stdout
    )
    assert (again["mailed"], [one["email"] for one in again["links"]]) == (0, ["b@example.org"])
