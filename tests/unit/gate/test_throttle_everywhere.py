"""Guessing from many places: it gets slower for those who guess, and the owner of the account gets in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from gate_client import GateUnderTest
from portico.gate import throttle
from portico.gate.models import AuditLine

if TYPE_CHECKING:
    from conftest import Hands

ANNA = "anna@example.org"


def attack(gate: GateUnderTest, tries: int, account: str = ANNA, first: int = 0) -> list[int]:
    """So many tries of one account, each from an address of its own; returns what each has to wait."""
    with gate.desk() as db:
        return [
            throttle.take(db, "sign-in", f"198.51.{number // 250}.{number % 250}", account)
            for number in range(first, first + tries)
        ]


def test_an_account_that_is_tried_from_everywhere_costs_each_address_a_pause(
    gate: GateUnderTest, hands: Hands
) -> None:
    """Twenty tries are free; then a new address waits, the longer the more were made, and half a minute at most."""
    assert attack(gate, 20) == [0] * 20
    assert attack(gate, 1, first=100) == [1]
    hands.move(seconds=2)
    for expected, more in ((2, 20), (4, 20), (30, 120)):
        fresh = 1000 + expected * 100
        attack(gate, more, first=fresh)
        hands.move(seconds=31)
        assert attack(gate, more, first=fresh) == [0] * more
        assert attack(gate, 1, first=fresh + 500) == [expected]
        hands.move(seconds=31)


def test_its_owner_gets_in_at_a_new_browser_and_address_after_seconds(
    gate: GateUnderTest, hands: Hands
) -> None:
    """However many strangers try at the same time."""
    gate.person()
    attack(gate, 20)
    for number in range(15):
        attack(gate, 10, first=300 + number * 20)
        hands.move(seconds=1)
    owner = gate.browser(REMOTE_ADDR="203.0.113.77")
    answer = owner.sign_in()
    assert answer.status_code == 429
    seconds = int(answer.headers["Retry-After"])
    assert seconds <= throttle.LONGEST_PAUSE
    attack(gate, 20, first=5000)
    hands.move(seconds=seconds)
    assert owner.sign_in().status_code == 302


def test_a_browser_that_the_owner_has_used_notices_nothing(gate: GateUnderTest, hands: Hands) -> None:
    """Not of guessing from everywhere, nor of somebody else's at the very same address."""
    gate.person()
    owner = gate.browser()
    owner.sign_in()
    owner.post("/-/sign-out", owner.hidden("/-/sign-out"))
    attack(gate, 200)
    neighbour = gate.browser()
    for _ in range(9):
        neighbour.sign_in(password="wrong password")
    for number in range(60):
        with gate.desk() as db:
            throttle.failed(db, "sign-in", "192.0.2.7", f"other{number}@example.org")
    assert neighbour.sign_in().status_code == 429
    assert owner.sign_in().status_code == 302


def test_a_known_browser_may_guess_as_little_as_any(gate: GateUnderTest, hands: Hands) -> None:
    """Somebody has stolen it, cookies and all; and for other accounts it is known for nothing."""
    gate.person()
    gate.person("berta@example.org")
    thief = gate.browser()
    thief.sign_in()
    thief.post("/-/sign-out", thief.hidden("/-/sign-out"))
    assert [thief.sign_in(password="wrong password").status_code for _ in range(6)] == [401] * 5 + [429]
    assert [thief.sign_in("berta@example.org", "wrong password").status_code for _ in range(6)] == [
        401
    ] * 5 + [429]


@pytest.mark.parametrize("cookie", ["", "x", "WyJhIixbImIiXV0.forged", '["a", ["b"]]', "%00"])
def test_nobody_makes_a_browser_known_by_hand(gate: GateUnderTest, hands: Hands, cookie: str) -> None:
    """The mark is signed."""
    gate.person()
    browser = gate.browser()
    browser.client.set_cookie("portico_browser", cookie, domain="localhost", path="/-/")
    attack(gate, 50)
    assert browser.sign_in().status_code == 429


def test_an_address_tries_such_an_account_ever_more_seldom(gate: GateUnderTest, hands: Hands) -> None:
    """After a minute, then four, a quarter of an hour, an hour."""
    attack(gate, 40)
    hands.move(seconds=31)
    waits = []
    for _ in range(5):
        attack(gate, 20, first=3000 + len(waits) * 50)
        while (seconds := attack(gate, 1)[0]) and seconds < 35:
            hands.move(seconds=seconds)
        waits.append(seconds or attack(gate, 1)[0])
        hands.move(seconds=waits[-1])
    assert waits == sorted(waits)
    assert waits[-1] >= 900


def test_one_client_with_many_ipv6_networks_is_one_client(gate: GateUnderTest, hands: Hands) -> None:
    """A /48 has 65,536 of those that count as a household."""
    with gate.desk() as db:
        waits = [throttle.take(db, "sign-in", f"2001:db8:0:{number:x}::1", ANNA) for number in range(15)]
        assert waits[:10] == [0] * 10
        assert any(waits[10:])
        assert throttle.take(db, "sign-in", "2001:db8:1::1", ANNA) == 0


def test_many_guesses_at_once_are_as_many(gate: GateUnderTest, hands: Hands) -> None:
    """They are counted before the password is looked at, not after."""
    allowed: list[int] = []

    def guess() -> None:
        with gate.desk() as db:
            allowed.append(throttle.take(db, "sign-in", "192.0.2.9", ANNA))

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(allowed) == 16
    assert allowed.count(0) == throttle.FREE_PER_ACCOUNT


def test_two_gates_count_together(gate: GateUnderTest, hands: Hands) -> None:
    """Processes and hosts meet in the database."""
    gate.person()
    other = GateUnderTest(gate.site)
    for number in range(5):
        (gate if number % 2 else other).browser().sign_in(password="wrong password")
    assert other.browser().sign_in().status_code == 429
    assert gate.browser().sign_in().status_code == 429
    other.close()


def test_the_right_password_leaves_no_count_behind(gate: GateUnderTest) -> None:
    """A class of thirty that signs in at one address is nobody's attack."""
    gate.person()
    for _ in range(throttle.FREE_PER_CLIENT + 5):
        browser = gate.browser()
        assert browser.sign_in().status_code == 302
    with gate.desk() as db:
        assert db.execute(text("SELECT count(*) FROM attempts WHERE failures > 0")).scalar() == 0


def test_the_audit_names_who_was_slowed_down_and_never_a_password(gate: GateUnderTest, hands: Hands) -> None:
    """What was typed into the field for the address may be one."""
    attack(gate, 25)
    attack(gate, 8, account="my secret password")
    browser = gate.browser()
    for _ in range(7):
        browser.sign_in("my secret password", "another secret")
    with gate.desk() as db:
        lines = db.scalars(select(AuditLine)).all()
    told = {(line.action, line.subject) for line in lines}
    assert ("tried-from-many-places", ANNA) in told
    assert ("tries-slowed", "") in told
    assert "secret" not in str([(line.actor, line.subject, line.detail) for line in lines])


def test_the_wait_is_the_same_for_an_address_that_nobody_has(gate: GateUnderTest, hands: Hands) -> None:
    """Try after try, from one place and from many."""
    gate.person()
    told = []
    for email in (ANNA, "nobody@example.org"):
        browser = gate.browser(REMOTE_ADDR="192.0.2.50")
        answers = [browser.sign_in(email, "wrong password") for _ in range(8)]
        told.append(
            [(a.status_code, a.headers.get("Retry-After")) for a in answers] + attack(gate, 60, email, 9000)
        )
        hands.move(hours=3)
    assert told[0] == told[1]


def test_who_has_set_a_new_password_by_a_link_is_known(gate: GateUnderTest, hands: Hands) -> None:
    """The way out that is always open: guessing by others does not slow them down any more."""
    from portico.gate.accounts import actions, people
    from portico.gate.audit import COMMAND_LINE

    gate.person()
    attack(gate, 100)
    with gate.desk() as db:
        token = actions.issue_reset_link(db, COMMAND_LINE, people.find_person(db, ANNA))
    browser = gate.browser()
    new = "a completely new password"
    assert browser.fill(f"/-/reset/{token}", password=new, repeat=new).status_code == 302
    assert browser.sign_in(password=new).status_code == 302
