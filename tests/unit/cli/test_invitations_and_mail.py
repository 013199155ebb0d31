"""`portico invite`, `portico mail`, `portico user address` and `delete`, on a site that is not running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mail_server import mail_server
from portico.gate.accounts import asked, desk
from portico.site import load

Run = Callable[..., subprocess.CompletedProcess[str]]
SITE = """
[site]
url = "https://apps.example.com"
[roles]
analyst = "Reads sales"
"""


@pytest.fixture
def portico(tmp_path: Path) -> Run:
    """Runs `portico ...` in the folder of a small site."""
    (tmp_path / "portico.toml").write_text(SITE)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PORTICO_")}

    def run(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portico", *args]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environ | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_an_invitation_is_made_listed_and_withdrawn(portico: Run) -> None:
    made = portico("invite", "add", "Ben@Example.org", "--role", "analyst", "--days", "3")
    assert made.returncode == 0, made.stderr
    assert "https://apps.example.com/-/invitation/" in made.stdout
    (listed,) = json.loads(portico("invite", "list", "--json").stdout)
    assert (listed["email"], listed["roles"], listed["state"]) == ("ben@example.org", ["analyst"], "open")
    assert portico("invite", "withdraw", str(listed["number"])).returncode == 0
    assert json.loads(portico("invite", "list", "--json").stdout) == []
    again = portico("invite", "withdraw", str(listed["number"]))
    assert (again.returncode, again.stderr) == (
        1,
        f"portico: there is no open invitation {listed['number']}; see `portico invite list`\n",
    )
    link = json.loads(portico("invite", "add", "--json").stdout)
    assert link["email"] is None
    assert link["link"].startswith("https://apps.example.com/-/invitation/")


def test_who_asks_is_listed_until_they_are_answered(portico: Run, tmp_path: Path) -> None:
    """By an invitation, or by nothing at all."""
    portico("user", "list")  # makes the database
    with desk.open_desk(load(tmp_path, {})) as db:
        for email in ("ben@example.org", "mallory@example.org"):
            asked.ask(db, "192.0.2.1", email, "Somebody")
    found = json.loads(portico("invite", "asked", "--json").stdout)
    assert [(one["email"], one["name"]) for one in found] == [
        ("ben@example.org", "Somebody"),
        ("mallory@example.org", "Somebody"),
    ]
    portico("invite", "add", "ben@example.org")
    assert "off the list" in portico("invite", "dismiss", "Mallory@example.org").stdout
    assert "example.org" not in portico("invite", "asked").stdout
    again = portico("invite", "dismiss", "mallory@example.org")
    assert again.stderr == "portico: nobody asks for an account with the address mallory@example.org\n"


def test_a_wrong_role_is_one_line_with_a_suggestion(portico: Run) -> None:
    wrong = portico("invite", "add", "ben@example.org", "--role", "analist")
    assert wrong.returncode == 1
    assert wrong.stderr == 'portico: no such role: "analist"; did you mean "analyst"?\n'


def test_an_account_moves_to_another_address_and_is_deleted(portico: Run) -> None:
    portico("user", "add", "anna@example.org")
    moved = portico("user", "address", "anna@example.org", "Anna@Example.com", "--json")
    assert json.loads(moved.stdout)["email"] == "anna@example.com"
    assert portico("user", "delete", "anna@example.com", "--yes").stdout == "anna@example.com is deleted.\n"
    assert json.loads(portico("user", "list", "--json").stdout) == []


def test_the_mail_server_is_tried_and_the_queue_shown(portico: Run) -> None:
    """What an invitation waits with is not shown, only that it waits."""
    assert "PORTICO_MAIL_URL" in portico("mail", "test", "anna@example.org").stderr
    with mail_server() as server:
        url = f"smtp+plain://127.0.0.1:{server.port}"
        tried = portico("mail", "test", "anna@example.org", PORTICO_MAIL_URL=url)
        assert tried.stdout == f"127.0.0.1:{server.port} has taken the mail for anna@example.org.\n"
        assert [str(mail["To"]) for mail in server.taken] == ["anna@example.org"]
        assert str(server.taken[0]["From"]) == "Portico <noreply@apps.example.com>"
        invited = portico("invite", "add", "ben@example.org", PORTICO_MAIL_URL=url)
        assert "the mail goes out while the site is served" in invited.stdout
    (waits,) = json.loads(portico("mail", "queue", "--json").stdout)
    assert waits["tries"] == 0
    assert "ben@example.org" not in portico("mail", "queue").stdout
