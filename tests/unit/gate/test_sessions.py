"""How long a session lasts, and what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gate_client import GateUnderTest

if TYPE_CHECKING:
    from conftest import Hands


def test_an_idle_session_ends_and_a_used_one_does_not(gate: GateUnderTest, hands: Hands) -> None:
    """An hour of silence; each check counts as use."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    for _ in range(3):
        hands.move(minutes=50)
        assert browser.check("home").status_code == 204
    hands.move(minutes=61)
    assert browser.check("home").status_code == 401
    assert browser.get("/-/profile").status_code == 302


def test_a_session_ends_after_its_absolute_time_however_busy(gate: GateUnderTest, hands: Hands) -> None:
    """A day."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    statuses = []
    for _ in range(50):
        hands.move(minutes=30)
        statuses.append(browser.check("home").status_code)
    assert statuses == [204] * 47 + [401] * 3


def test_a_remembered_session_lasts_thirty_days(gate: GateUnderTest, hands: Hands) -> None:
    """Idle or not."""
    gate.person()
    browser = gate.browser()
    browser.sign_in(remember="y")
    hands.move(days=29)
    assert browser.check("home").status_code == 204
    hands.move(days=2)
    assert browser.check("home").status_code == 401


def test_use_is_written_down_at_most_once_a_minute(gate: GateUnderTest, hands: Hands) -> None:
    """Checks read; they seldom write."""
    from sqlalchemy import select

    from portico.gate.models import SessionRow

    gate.person()
    browser = gate.browser()
    browser.sign_in()

    def last_used() -> object:
        with gate.desk() as db:
            return db.scalar(select(SessionRow.last_used_at))

    start = last_used()
    hands.move(seconds=59)
    browser.check("home")
    assert last_used() == start
    hands.move(seconds=2)
    browser.check("home")
    assert last_used() == hands.time


def test_a_visitor_who_only_looks_leaves_no_row(gate: GateUnderTest) -> None:
    """Not even with forms: bots do not fill the disk."""
    from sqlalchemy import text

    for path in ("/", "/-/sign-in", "/-/sign-up", "/-/forgot", "/-/nothing"):
        gate.browser().get(path)
    with gate.desk() as db:
        assert db.execute(text("SELECT count(*) FROM session")).scalar() == 0


def test_what_a_view_puts_into_an_anonymous_session_is_kept_under_a_new_token(gate: GateUnderTest) -> None:
    """Nobody chooses the token under which somebody else's things are kept."""
    from flask import session

    from portico.gate.permissions import public

    @gate.app.get("/-/put")
    @public
    def put() -> str:
        session["thing"] = "kept"
        return "ok"

    @gate.app.get("/-/show")
    @public
    def show() -> str:
        return str(session.get("thing"))

    browser = gate.browser()
    browser.cookie = planted = "P" * 43
    browser.get("/-/put")
    assert browser.cookie != planted
    assert browser.get("/-/show").text == "kept"
    other = gate.browser()
    other.cookie = planted
    assert other.get("/-/show").text == "None"


def test_sessions_that_have_run_out_are_removed(gate: GateUnderTest, hands: Hands) -> None:
    """The next sign-in tidies up."""
    from sqlalchemy import text

    gate.person()
    gate.browser().sign_in()
    hands.move(days=2)
    gate.browser().sign_in()
    with gate.desk() as db:
        assert db.execute(text("SELECT count(*) FROM session")).scalar() == 1


@pytest.mark.parametrize("path", ["/-/profile", "/-/portal", "/-/sign-in", "/", "/-/nothing"])
def test_no_page_is_kept_in_a_cache(gate: GateUnderTest, path: str) -> None:
    """Nor may it be framed, sniffed, or run foreign scripts."""
    headers = gate.browser().get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_two_gates_share_the_sessions(gate: GateUnderTest) -> None:
    """Processes and hosts meet in the database."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    other = GateUnderTest(gate.site).browser()
    assert browser.cookie
    other.cookie = browser.cookie
    assert other.check("home").status_code == 204


def test_a_ticket_of_a_session_that_has_ended_opens_nobody_elses(gate: GateUnderTest) -> None:
    """The next session does not get the old one's number."""
    from portico.gate.models import SessionRow

    gate.person()
    numbers = []
    for _ in range(3):
        browser = gate.browser()
        browser.sign_in()
        with gate.desk() as db:
            numbers.append(db.query(SessionRow.id).scalar())
        browser.post("/-/sign-out", browser.hidden("/-/sign-out"))
    assert len(set(numbers)) == 3
