"""A stranger may call himself what he likes: an address opens doors only when somebody vouches for it."""

from __future__ import annotations

import jwt

from gate_client import PASSWORD, GateUnderTest
from portico.gate.accounts import actions, people
from portico.gate.audit import COMMAND_LINE

CARLA = "carla@example.org"  # the app `board` names her in its access


def sign_up_as(gate: GateUnderTest, email: str):
    """A browser in which somebody made an account with this address and signed in."""
    browser = gate.browser()
    answer = browser.fill("/-/sign-up", email=email, name="Carla", password=PASSWORD, repeat=PASSWORD)
    assert answer.status_code == 302
    assert browser.sign_in(email).status_code == 302
    return browser


def test_a_stranger_who_signs_up_with_a_named_address_does_not_enter(gate: GateUnderTest) -> None:
    """On a site that is open to all, `access = ["carla@example.org"]` waits for the address to be verified."""
    browser = sign_up_as(gate, CARLA)
    assert browser.check("board").status_code == 403
    assert "Board" not in browser.get("/").text


def test_the_address_opens_the_door_once_somebody_vouches_for_it(gate: GateUnderTest) -> None:
    """`portico user verify` is one action with its line in the audit."""
    browser = sign_up_as(gate, CARLA)
    with gate.desk() as db:
        actions.verify_address(db, COMMAND_LINE, people.find_person(db, CARLA))
    assert browser.check("board").status_code == 204
    assert gate.audit().count("address-verified") == 1


def test_apps_are_told_whether_the_address_is_verified(gate: GateUnderTest) -> None:
    """The claim is OpenID Connect's `email_verified`, so that an app need not trust a mere claim."""
    gate.person("anna@example.org")
    anna = gate.browser()
    anna.sign_in()
    told = [
        jwt.decode(browser.check("home").headers["X-Portico-Identity"], options={"verify_signature": False})
        for browser in (anna, sign_up_as(gate, CARLA))
    ]
    assert [one["email_verified"] for one in told] == [True, False]
