"""Guessing gets slower, for the one who guesses and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate_client import PASSWORD, GateUnderTest
from portico.gate import throttle

if TYPE_CHECKING:
    from conftest import Hands


def test_guessing_a_password_is_slowed_down(gate: GateUnderTest, hands: Hands) -> None:
    """Five tries are free; then each failure doubles the wait, and even the right password has to wait."""
    gate.person()
    browser = gate.browser()
    assert [browser.sign_in(password="wrong password").status_code for _ in range(5)] == [401] * 5
    refused = browser.sign_in()
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    hands.move(seconds=2)
    assert browser.sign_in(password="wrong password").status_code == 401
    assert int(browser.sign_in().headers["Retry-After"]) == 2
    hands.move(seconds=3)
    assert browser.sign_in().status_code == 302


def test_a_stranger_cannot_lock_somebody_out(gate: GateUnderTest, hands: Hands) -> None:
    """Failures count for the address from which they come."""
    gate.person()
    stranger = gate.browser(REMOTE_ADDR="198.51.100.9")
    for _ in range(8):
        stranger.sign_in(password="wrong password")
    assert stranger.sign_in().status_code == 429
    assert gate.browser(REMOTE_ADDR="192.0.2.7").sign_in().status_code == 302


def test_many_accounts_from_one_place_are_slowed_down_too(gate: GateUnderTest, hands: Hands) -> None:
    """Trying one password on everybody."""
    browser = gate.browser()
    with gate.app.app_context():
        db = gate.app.extensions["portico"].db
        for number in range(throttle.FREE_PER_CLIENT):
            throttle.failed(db, "sign-in", "192.0.2.7", f"person{number}@example.org")
    assert browser.sign_in("another@example.org", "wrong password").status_code == 429


def test_another_spelling_of_an_address_is_no_other_account(gate: GateUnderTest, hands: Hands) -> None:
    """Letters that mail domains take for each other, capitals and blanks: all open the same account."""
    gate.person()
    spellings = [
        "anna@EXAMPLE.org",
        "anna@\uff45xample.org",
        "anna@example\u3002org",
        " anna@e\uff58ample.org ",
    ]
    browser = gate.browser()
    for email in [*spellings, "Anna@\uff25XAMPLE.ORG"]:
        assert browser.sign_in(email, "wrong password").status_code == 401
    for email in ["anna@example.org", "anna@ex\uff41mple.org"]:
        assert browser.sign_in(email).status_code == 429
    hands.move(minutes=20)
    assert browser.sign_in(spellings[1]).status_code == 302
    name = throttle.keys("sign-in", "192.0.2.7", "anna")
    assert throttle.keys("sign-in", "192.0.2.7", " A\uff2eNA ") == name
    assert throttle.keys("sign-in", "192.0.2.7", "anne") != name


def test_the_answer_is_the_same_for_an_address_that_nobody_has(gate: GateUnderTest, hands: Hands) -> None:
    """Being slowed down tells nothing about the account."""
    gate.person()
    seen = []
    for email in ("anna@example.org", "nobody@example.org"):
        browser = gate.browser()
        seen.append([browser.sign_in(email, "wrong password").status_code for _ in range(7)])
        hands.move(minutes=20)
    assert seen[0] == seen[1] == [401] * 5 + [429] * 2


def test_a_success_forgets_the_failures(gate: GateUnderTest) -> None:
    """Mistyping every morning adds up to nothing."""
    gate.person()
    for _ in range(3):
        browser = gate.browser()
        for _ in range(4):
            browser.sign_in(password="wrong password")
        assert browser.sign_in().status_code == 302


def test_guessing_the_present_password_is_slowed_down(gate: GateUnderTest, hands: Hands) -> None:
    """On the page that changes it."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    new = {"password": "a completely new password", "repeat": "a completely new password"}
    for _ in range(5):
        assert browser.fill("/-/password", current="wrong password", **new).status_code == 400
    assert browser.fill("/-/password", current=PASSWORD, **new).status_code == 429


def test_an_ipv6_household_counts_as_one() -> None:
    """It has 2^64 addresses to guess from."""
    one, other = (throttle.keys("sign-in", f"2001:db8::{n}", "x") for n in (1, 2))
    elsewhere = throttle.keys("sign-in", "2001:db8:0:1::1", "x")
    assert one == other != elsewhere
