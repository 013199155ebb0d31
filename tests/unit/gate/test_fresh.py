"""A fresh proof before what somebody at an open screen must not do."""

from __future__ import annotations

import pytest

from factor_walks import add_app, add_passkey, code, use_passkey
from gate_client import PASSWORD, Browser, GateUnderTest
from portico.gate.permissions import _FRESH
from soft_passkey import SoftPasskey

NEW_APP, CONFIRM = "/-/security/authenticator", "/-/confirm"


@pytest.fixture
def stale(gate: GateUnderTest, hands: object) -> Browser:
    """Anna's browser, eleven minutes after her sign-in."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    hands.move(minutes=11)  # type: ignore[attr-defined]
    return browser


def test_a_sign_in_is_fresh_for_ten_minutes(gate: GateUnderTest, hands: object) -> None:
    """Then the page is asked for again."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert browser.get(NEW_APP).status_code == 200
    hands.move(minutes=10)  # type: ignore[attr-defined]
    assert browser.get(NEW_APP).location == f"{CONFIRM}?next={NEW_APP}"
    assert browser.get("/-/profile").status_code == 200


def test_the_password_is_a_proof_and_leads_back(gate: GateUnderTest, stale: Browser) -> None:
    """Under a new token; the old one is worth nothing to the gate."""
    before = stale.cookie
    assert before
    answer = stale.fill(f"{CONFIRM}?next={NEW_APP}", password=PASSWORD)
    assert answer.location == NEW_APP
    assert stale.get(NEW_APP).status_code == 200
    assert stale.cookie != before
    old = gate.browser()
    old.cookie = before
    assert old.get("/-/profile").status_code == 302
    assert "confirmed" in gate.audit()


def test_a_wrong_proof_changes_nothing_and_is_slowed_down(gate: GateUnderTest, stale: Browser) -> None:
    """Five tries, then waiting."""
    for _ in range(5):
        assert stale.fill(CONFIRM, password="wrong password").status_code == 401
    assert stale.fill(CONFIRM, password=PASSWORD).status_code == 429
    assert stale.get(NEW_APP).location.startswith(CONFIRM)


def test_a_code_of_the_app_is_a_proof(gate: GateUnderTest, hands: object) -> None:
    """Once."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    secret, _ = add_app(browser)
    hands.move(minutes=11)  # type: ignore[attr-defined]
    now = code(secret)
    assert browser.fill(f"{CONFIRM}?next=/-/security", code=now).location == "/-/security"
    assert browser.get(NEW_APP).status_code == 200
    hands.move(seconds=20)  # type: ignore[attr-defined]
    assert browser.fill(CONFIRM, code=now).status_code == 401


def test_a_passkey_is_a_proof(gate: GateUnderTest, hands: object) -> None:
    """One's own."""
    gate.person()
    gate.person("ben@example.org")
    browser, other = gate.browser(), gate.browser()
    browser.sign_in()
    other.sign_in("ben@example.org")
    key, bens = SoftPasskey(), SoftPasskey()
    add_passkey(browser, key)
    add_passkey(other, bens)
    hands.move(minutes=11)  # type: ignore[attr-defined]
    page, action = f"{CONFIRM}?next={NEW_APP}", f"{CONFIRM}/passkey?next={NEW_APP}"
    assert use_passkey(browser, bens, page, action).status_code == 401
    assert use_passkey(browser, key, page, action).location == NEW_APP
    assert browser.get(NEW_APP).status_code == 200


def test_a_program_is_told_in_json(stale: Browser) -> None:
    """401, and where to confirm."""
    answer = stale.get(NEW_APP, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["error"] == "confirm-required"
    assert answer.json["confirm"] == f"http://localhost:8000{CONFIRM}?next={NEW_APP}"


def test_a_form_that_comes_late_changes_nothing_and_leads_to_its_page(
    gate: GateUnderTest, hands: object
) -> None:
    """Nothing that was sent is carried over."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    add_app(browser)
    fields = browser.hidden("/-/security")
    hands.move(minutes=11)  # type: ignore[attr-defined]
    answer = browser.post(
        "/-/security/authenticator/remove", fields, headers={"Referer": "http://localhost:8000/-/security"}
    )
    assert answer.status_code == 303
    assert answer.location == f"{CONFIRM}?next=/-/security"
    assert "Remove it" in browser.get("/-/security").text
    elsewhere = {"Referer": "https://evil.example/-/security"}
    assert (
        browser.post("/-/security/authenticator/remove", fields, headers=elsewhere).location
        == f"{CONFIRM}?next=/"
    )


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_proof_leads_to_this_site_and_nowhere_else(stale: Browser, target: str) -> None:
    """An open redirect would be a gift."""
    assert stale.fill(f"{CONFIRM}?next={target}", password=PASSWORD).location == "/"


def test_the_proof_takes_a_form_of_ones_own(stale: Browser) -> None:
    """No token, no proof; strangers are sent to the sign-in."""
    assert stale.post(CONFIRM, {"password": PASSWORD}).status_code == 400
    assert stale.gate.browser().get(CONFIRM).location == f"/-/sign-in?{CONFIRM}"


def test_one_sessions_proof_is_not_anothers(gate: GateUnderTest, stale: Browser) -> None:
    """A thief with an old session gains nothing when the owner confirms."""
    other = gate.browser()
    other.sign_in()
    assert other.get(NEW_APP).status_code == 200
    assert stale.get(NEW_APP).location.startswith(CONFIRM)


def test_who_has_no_proof_here_signs_in_again(gate: GateUnderTest, stale: Browser) -> None:
    """People of single sign-on: the session ends, and the sign-in leads back."""
    from portico.gate.accounts.people import find_person

    with gate.desk() as db:
        find_person(db, "anna@example.org").password = None
        db.commit()
    page = stale.get(f"{CONFIRM}?next={NEW_APP}")
    assert "Sign in again" in page.text
    answer = stale.post(f"{CONFIRM}/again?next={NEW_APP}", stale.hidden(CONFIRM))
    assert answer.location == f"/-/sign-in?{NEW_APP}"
    assert stale.check("home").status_code == 401


def test_who_signs_in_with_passkeys_alone_sets_a_password_after_a_fresh_proof(
    gate: GateUnderTest, hands: object
) -> None:
    """There is no present one to ask for."""
    from portico.gate.accounts.people import find_person

    gate.person()
    browser = gate.browser()
    browser.sign_in()
    key = SoftPasskey()
    add_passkey(browser, key)
    with gate.desk() as db:
        find_person(db, "anna@example.org").password = None
        db.commit()
    hands.move(minutes=11)  # type: ignore[attr-defined]
    assert browser.get("/-/password").location == f"{CONFIRM}?next=/-/password"
    use_passkey(browser, key, CONFIRM, f"{CONFIRM}/passkey")
    browser.fill("/-/password", password="tall white columns", repeat="tall white columns")
    assert gate.browser().sign_in(password="tall white columns").location == "/-/second-step"


# Views that change what protects an account, or other people, and must ask for a fresh proof.
SENSITIVE = {
    "security.authenticator",
    "security.remove_authenticator",
    "security.new_passkey",
    "security.passkey",
    "security.remove_passkey",
    "security.recovery_codes",
    "own_address.address",
    "own_tokens.new",
    "linked_accounts.link",
    "linked_accounts.unlink",
    "my_data.delete",
    "admin_people.new",
    "admin_people.set_roles",
    "admin_people.disable",
    "admin_people.reset_link",
    "admin_people.reset_second_factor",
    "admin_tokens.new",
    "invitations.new",
}


def test_sensitive_views_ask_for_a_fresh_proof(gate: GateUnderTest) -> None:
    """The list of those that must not be forgotten."""
    views = gate.app.view_functions
    assert {name for name in SENSITIVE if not getattr(views[name], _FRESH, False)} == set()
