"""A session goes on under a new token, in two gates, from other addresses; and nothing of an app is lost on the way."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from gate_client import PASSWORD, Browser, GateUnderTest
from portico.gate import sessions
from portico.gate.accounts.device_names import device_name
from portico.gate.models import SessionRow

if TYPE_CHECKING:
    from conftest import Hands

NEW = {"password": "a completely new password", "repeat": "a completely new password"}


def renewed(gate: GateUnderTest, email: str = "anna@example.org") -> tuple[Browser, str]:
    """A browser whose session has a new token, and the token before it."""
    gate.person(email)
    browser = gate.browser()
    browser.sign_in(email)
    before = browser.cookie or ""
    assert browser.fill("/-/confirm?next=/-/sessions", password=PASSWORD).status_code in {302, 303}
    assert browser.cookie != before
    return browser, before


def with_token(gate: GateUnderTest, token: str) -> Browser:
    """A browser that sends this token."""
    browser = gate.browser()
    browser.cookie = token
    return browser


def test_a_request_under_way_meets_the_old_token_for_seconds(gate: GateUnderTest, hands: Hands) -> None:
    """It opens apps, no page of the gate, and only for ten seconds."""
    browser, before = renewed(gate)
    old = with_token(gate, before)
    assert old.check("home").status_code == 204
    assert old.get("/-/profile").status_code == 302
    assert old.post("/-/sessions/end-all", {}).status_code in {302, 400, 401}
    hands.move(seconds=11)
    assert old.check("home").status_code == 401
    assert browser.check("home").status_code == 204


def test_after_a_new_password_the_old_token_opens_nothing_at_all(gate: GateUnderTest, hands: Hands) -> None:
    """Whoever has it may be the reason for the new password."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    old = with_token(gate, browser.cookie or "")
    assert browser.fill("/-/password", current=PASSWORD, **NEW).status_code == 302
    assert old.check("home").status_code == 401
    assert browser.check("home").status_code == 204


def test_the_old_token_ends_with_its_session(gate: GateUnderTest, hands: Hands) -> None:
    """At once, not ten seconds later."""
    browser, before = renewed(gate)
    browser.post("/-/sign-out", browser.hidden("/-/sign-out"))
    assert with_token(gate, before).check("home").status_code == 401


def test_the_old_token_does_not_make_the_ten_seconds_longer(gate: GateUnderTest, hands: Hands) -> None:
    """However often it is used."""
    _, before = renewed(gate)
    old = with_token(gate, before)
    statuses = []
    for _ in range(6):
        statuses.append(old.check("home").status_code)
        hands.move(seconds=3)
    assert statuses == [204, 204, 204, 204, 401, 401]


def test_only_the_last_token_but_one_has_such_seconds(gate: GateUnderTest, hands: Hands) -> None:
    """Two renewals in a row."""
    gate.person()
    with gate.desk() as db:
        browser = gate.browser()
        browser.sign_in()
        first = browser.cookie or ""
        row = db.scalar(select(SessionRow))
        assert row is not None
        second, third = sessions.rotate(row), sessions.rotate(row)
        db.commit()
    assert [with_token(gate, token).check("home").status_code for token in (first, second, third)] == [
        401,
        204,
        204,
    ]


def test_a_storm_of_callbacks_loses_none_while_the_token_changes(gate: GateUnderTest) -> None:
    """Eight callbacks at a time, each with the cookie that the browser had when it was sent; two gates answer."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    gates = [gate, GateUnderTest(gate.site)]
    tokens = [browser.cookie or ""]
    known = [0]  # which of them the browser has
    over = threading.Event()
    refused: list[int] = []
    asked = [0] * 8

    def callbacks(number: int) -> None:
        while not over.is_set():
            token = tokens[known[0]]
            status = with_token(gates[number % 2], token).check("home").status_code
            asked[number] += 1
            if status != 204 and token in tokens[-2:]:  # a busy machine may have slept through two renewals
                refused.append(status)

    threads = [threading.Thread(target=callbacks, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(6):
            with gate.desk() as db:
                row = db.scalar(select(SessionRow))
                assert row is not None
                row.last_used_at -= timedelta(minutes=2)  # its use must be written down, too
                tokens.append(sessions.rotate(row))
                db.commit()
            over.wait(0.05)  # the answer with the new cookie is on its way
            known[0] += 1
            over.wait(0.3)
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
    gates[1].close()
    assert refused == []
    assert min(asked) > 5


def test_what_one_gate_ends_is_over_in_the_other(gate: GateUnderTest) -> None:
    """Sessions live in the database and nowhere else."""
    gate.person()
    other = GateUnderTest(gate.site)
    here = gate.browser()
    here.sign_in()
    there = with_token(other, here.cookie or "")
    assert there.check("home").status_code == 204
    assert there.get("/-/profile").status_code == 200
    form = {"csrf_token": there.hidden("/-/sessions")["csrf_token"]}
    assert there.post("/-/sessions/end-all", form).status_code == 302
    assert here.check("home").status_code == 401
    other.close()


def test_a_session_of_an_apps_own_host_keeps_the_one_it_came_from(gate: GateUnderTest, hands: Hands) -> None:
    """And ends with it, however busy."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    with gate.desk() as db:
        parent = db.scalar(select(SessionRow))
        assert parent is not None
        token, _ = sessions.start_child(db, parent, "lab.localhost:8000")
        db.commit()
    child = with_token(gate, token)
    for _ in range(3):
        hands.move(minutes=50)
        assert child.check("lab").status_code == 204
    assert browser.check("home").status_code == 204
    with gate.desk() as db:
        db.execute(text("DELETE FROM session WHERE parent_id IS NULL"))
        db.commit()
    assert child.check("lab").status_code == 401


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36 Edg/126.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36", "Chrome on Mac"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
         "Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
         "Chrome/121.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
         "Mobile/15E148 Safari/604.1", "Safari on iPad"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36", "Chrome on Chromebook"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 "
         "OPR/111.0.0.0", "Opera on Linux"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        ("Mozilla/5.0", "An unknown device"),
        ("", "An unknown device"),
        ("<script>alert(1)</script>", "An unknown device"),
    ],
)  # fmt: skip
def test_a_device_is_named_as_its_owner_would(agent: str, name: str) -> None:
    """Browsers name those that they are made of as well."""
    assert device_name(agent) == name
