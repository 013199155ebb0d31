"""What people are told by mail when their second factor changes, or when somebody tries it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factor_walks import STEP, add_app, add_passkey, code, second_step, use_passkey
from gate_client import GateUnderTest
from kept_mails import mails, with_mailbox
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.factors import actions
from portico.site import Site
from soft_passkey import SoftPasskey

ANNA = "anna@example.org"


@pytest.fixture
def post(site: Site) -> Iterator[GateUnderTest]:
    """A gate that keeps its mails."""
    gate = GateUnderTest(with_mailbox(site))
    gate.person()
    yield gate
    gate.close()


def subjects(gate: GateUnderTest) -> list[str]:
    """What Anna was told about, without the notices of new devices."""
    return [letter.subject for letter in mails(gate, ANNA) if "device" not in letter.subject]


def test_each_change_is_told_to_the_person(post: GateUnderTest, hands: object) -> None:
    """Added, renewed, used, removed, reset: with where it came from, and what to do if it was not them."""
    browser = post.browser()
    browser.sign_in()
    _, codes = add_app(browser)
    add_passkey(browser, SoftPasskey(), "Blue key")
    browser.fill("/-/security/recovery-codes")
    browser.post("/-/security/authenticator/remove", browser.hidden("/-/security"))
    with post.desk() as db:
        actions.reset_second_factor(db, COMMAND_LINE, post.site, find_person(db, ANNA))
    letters = mails(post, ANNA)
    text = "\n".join(letter.text for letter in letters)
    for words in (
        "an authenticator app",
        "“Blue key”",
        "New recovery codes",
        "The authenticator app",
        "command line",
    ):
        assert words in text
    assert "192.0.2.7" in text
    assert not any(one in text for one in codes)
    assert len(subjects(post)) == 5


def test_a_used_recovery_code_and_guessed_codes_are_told(post: GateUnderTest, hands: object) -> None:
    """Whoever does not know about them has to act."""
    first = post.browser()
    first.sign_in()
    _, codes = add_app(first)
    browser = post.browser()
    browser.sign_in()
    second_step(browser, codes[0], f"{STEP}?recovery")
    for _ in range(10):
        browser = post.browser()
        browser.sign_in()
        second_step(browser, "000000")
        hands.move(minutes=16)  # type: ignore[attr-defined]
    told = subjects(post)
    assert any("recovery code was used" in subject for subject in told)
    assert sum("guessing your codes" in subject for subject in told) == 1


def test_a_copied_passkey_is_told(post: GateUnderTest) -> None:
    """With its name."""
    browser = post.browser()
    browser.sign_in()
    key = SoftPasskey(count=7)
    add_passkey(browser, key, "Blue key")
    key.count = 3
    use_passkey(post.browser(), key, "/-/sign-in", "/-/passkey")
    (letter,) = [letter for letter in mails(post, ANNA) if "was closed" in letter.subject]
    assert "Blue key" in letter.text


def test_a_new_password_by_link_leaves_the_second_step(post: GateUnderTest, hands: object) -> None:
    """Whoever reads somebody's mail does not get around the second factor with it."""
    from gate_client import link_in

    first = post.browser()
    first.sign_in()
    secret, _ = add_app(first)
    hands.move(minutes=1)  # type: ignore[attr-defined]
    browser = post.browser()
    browser.fill("/-/forgot", email=ANNA)
    link = next(link_in(letter.text) for letter in mails(post, ANNA) if "/-/reset/" in letter.text)
    browser.fill(link, password="tall white columns", repeat="tall white columns")
    assert browser.check("home").status_code == 401
    assert browser.sign_in(password="tall white columns").location == STEP
    assert second_step(browser, code(secret)).location == "/"
