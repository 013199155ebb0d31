"""`portico session` and `portico audit`, on a site that is not running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gate_client import HASH
from portico.gate.accounts import actions
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE, Actor, note
from portico.gate.models import AuditLine, Person
from portico.site import Site, load

Run = Callable[..., subprocess.CompletedProcess[str]]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("PORTICO_")}
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site without apps, with two people who are signed in."""
    (tmp_path / "portico.toml").write_text('[site]\nname = "Example"\n')
    site = load(tmp_path / "portico.toml", {})
    with open_desk(site) as db:
        for email in ("anna@example.org", "berta@example.org"):
            person = actions.create_person(db, COMMAND_LINE, email, password_hash=HASH)
            for ip in ("192.0.2.1", "2001:db8::1"):
                actions.sign_in(
                    db, person, site.sessions, via="password", remember=False, ip=ip, user_agent=AGENT
                )
    return site


@pytest.fixture
def portico(site: Site) -> Run:
    """Runs `portico ...` in the folder of the site."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portico", *args]
        return subprocess.run(
            command, cwd=site.root, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_sessions_are_listed_and_ended(portico: Run) -> None:
    """Of everybody, of one person, one by one or all; the second time there is none."""
    listed = portico("session", "list").stdout
    assert listed.count("Firefox on Linux") == 4
    own = json.loads(portico("session", "list", "anna@example.org", "--json").stdout)
    assert {one["used_from"] for one in own} == {"192.0.2.1", "2001:db8::1"}
    number = str(own[0]["session"])
    assert portico("session", "end", number).stdout == "Ended: 1.\n"
    assert "no such session" in portico("session", "end", number).stderr
    assert json.loads(portico("session", "end", "--all-of", "berta@example.org", "--json").stdout) == {
        "ended": 2
    }
    assert portico("session", "list").stdout.count("Firefox") == 1
    assert portico("session", "list", "--address", "203.0.113.9").stdout.count("Firefox") == 0


@pytest.mark.parametrize("args", [(), ("1", "--all-of", "anna@example.org")])
def test_ending_takes_one_name(portico: Run, args: tuple[str, ...]) -> None:
    """A slip of the hand ends nobody's session."""
    done = portico("session", "end", *args)
    assert done.returncode == 1
    assert "--all-of" in done.stderr
    assert portico("session", "list").stdout.count("Firefox") == 4


def test_the_audit_is_shown_narrowed_and_printed_as_json_lines(site: Site, portico: Run) -> None:
    """The newest line last; JSON has every line and every field."""
    shown = portico("audit", "--person", "anna@example.org", "--action", "signed-in").stdout.splitlines()
    assert len(shown) == 2
    assert "anna@example.org" in shown[0]
    lines = [json.loads(line) for line in portico("audit", "--json").stdout.splitlines()]
    with open_desk(site) as db:
        assert [line["id"] for line in lines] == list(db.scalars(select(AuditLine.id).order_by(AuditLine.id)))
    assert len(portico("audit", "--limit", "3").stdout.splitlines()) == 3
    assert portico("audit", "--address", "2001:db8::1").stdout.count("signed-in") == 2


def test_a_terminal_takes_no_orders_from_the_audit(site: Site, portico: Run) -> None:
    """Neither a colour, nor a title of the window, nor a second line that looks like one of the audit."""
    with open_desk(site) as db:
        note(db, Actor("nobody"), "tried", lines="\x1b[31mred\x1b]0;title\x07\n2026-01-01 forged\x9b2J")
        db.commit()
    shown = portico("audit", "--action", "tried").stdout
    assert shown.endswith("lines=red?]0;title??2026-01-01 forged?2J\n")
    assert shown.count("\n") == 1


@pytest.mark.parametrize(
    ("since", "count"), [("2d", 1), ("2999-01-01", 0), ("2020-01-01", 1), ("2020-01-01T10:00:00+02:00", 1)]
)
def test_since_is_a_day_a_moment_or_a_span(site: Site, portico: Run, since: str, count: int) -> None:
    """In UTC where nothing else is said."""
    with open_desk(site) as db:
        note(db, Actor("x"), "marked")
        db.add(AuditLine(at=datetime(2019, 1, 1, tzinfo=UTC), actor="x", action="marked"))
        db.commit()
    assert portico("audit", "--since", since, "--action", "marked").stdout.count("marked") == count


def test_a_time_that_is_none_is_told_so(portico: Run) -> None:
    """With what would be right."""
    done = portico("audit", "--since", "yesterday")
    assert done.returncode == 2
    assert "2026-11-21" in done.stderr


def test_following_shows_new_lines_once_also_one_that_comes_late(site: Site) -> None:
    """A transaction may have begun before another and end after it."""
    command = [sys.executable, "-u", "-m", "portico", "audit", "--follow", "--json", "--action", "marked"]
    process = subprocess.Popen(command, cwd=site.root, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        with open_desk(site) as db:
            assert db.scalar(select(Person.id))
            now = datetime.now(UTC)
            for number, late in enumerate((0, 30, 0)):
                db.add(
                    AuditLine(
                        at=now - timedelta(seconds=late),
                        actor="x",
                        action="marked",
                        detail={"number": number},
                    )
                )
                db.commit()
                assert json.loads(process.stdout.readline())["detail"]["number"] == number
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert rest == ""
    assert process.returncode == 130
