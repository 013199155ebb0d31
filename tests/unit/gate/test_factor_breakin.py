"""What a thief keeps after somebody has changed their second factors, and what a passkey must say for itself."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from factor_walks import STEP, add_app, add_passkey, code, second_step, use_passkey
from gate_client import Browser, GateUnderTest
from portico.gate.accounts import actions as account_actions
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.factors import actions
from portico.gate.models import Authenticator, LinkedAccount, Passkey, RememberedDevice
from soft_passkey import SoftPasskey, text

SIGN_IN, ENTRY, WITH, SECURITY = "/-/sign-in", "/-/passkey", "/-/second-step/passkey", "/-/security"
ANNA = "anna@example.org"


@pytest.fixture
def anna(gate: GateUnderTest, hands: object) -> tuple[str, SoftPasskey]:
    """The secret of Anna's app, and her passkey."""
    gate.person()
    browser, key = gate.browser(), SoftPasskey()
    browser.sign_in()
    secret, _ = add_app(browser)
    add_passkey(browser, key)
    hands.move(minutes=2)  # type: ignore[attr-defined]
    return secret, key


def remembered(gate: GateUnderTest, secret: str) -> Browser:
    """A browser in which Anna is in, and which is not asked for the second factor again."""
    browser = gate.browser()
    browser.sign_in()
    assert second_step(browser, code(secret), remember_device="y").status_code == 302
    return browser


def press(browser: Browser, path: str) -> None:
    """Send one of the small forms of the security page."""
    assert browser.post(path, browser.hidden(SECURITY)).status_code == 302


def remove_app(gate: GateUnderTest, browser: Browser, key: SoftPasskey) -> None:
    press(browser, "/-/security/authenticator/remove")


def replace_app(gate: GateUnderTest, browser: Browser, key: SoftPasskey) -> None:
    add_app(browser)


def remove_passkey(gate: GateUnderTest, browser: Browser, key: SoftPasskey) -> None:
    press(browser, "/-/security/passkeys/1/remove")


def copy_passkey(gate: GateUnderTest, browser: Browser, key: SoftPasskey) -> None:
    with gate.desk() as db:
        db.execute(update(Passkey).values(sign_count=1000))
        db.commit()
    use_passkey(gate.browser(), key, SIGN_IN, ENTRY)


def reset_all(gate: GateUnderTest, browser: Browser, key: SoftPasskey) -> None:
    with gate.desk() as db:
        actions.reset_second_factor(db, COMMAND_LINE, gate.site, find_person(db, ANNA))


def change_password(gate: GateUnderTest, browser: Browser, key: SoftPasskey) -> None:
    with gate.desk() as db:
        account_actions.change_password(db, COMMAND_LINE, find_person(db, ANNA), "another hash", keep=None)


@pytest.mark.parametrize(
    "change", [remove_app, replace_app, remove_passkey, copy_passkey, reset_all, change_password]
)
def test_a_device_is_forgotten_with_what_it_was_remembered_by(
    gate: GateUnderTest,
    anna: tuple[str, SoftPasskey],
    change: Callable[[GateUnderTest, Browser, SoftPasskey], None],
) -> None:
    """Whoever loses the phone takes it out of the account, and the laptop that went with it is asked again."""
    thief = remembered(gate, anna[0])
    thief.fill("/-/sign-out")
    assert thief.sign_in().location == "/"
    change(gate, thief, anna[1])
    with gate.desk() as db:
        rows = list(db.scalars(select(RememberedDevice)))
    if change is change_password:  # the row names the password that was; without it, it is worth nothing
        from portico.gate.factors.pending import password_mark

        with gate.desk() as db:
            assert all(row.password_mark != password_mark(find_person(db, ANNA)) for row in rows)
        return
    assert rows == []
    thief.client.delete_cookie(gate.site.session_cookie, domain="localhost")
    assert thief.sign_in().location == ("/" if change is reset_all else STEP)


def nameless(answer: str) -> str:
    """The same answer of a passkey that says nobody's name."""
    parsed = json.loads(answer)
    del parsed["response"]["userHandle"]
    return json.dumps(parsed)


class NamelessKey(SoftPasskey):
    """A key that keeps no names."""

    def get(self, *args: object, **lies: object) -> str:
        return nameless(super().get(*args, **lies))  # type: ignore[arg-type]


def test_a_passkey_that_names_nobody_is_a_second_factor_and_no_first_one(gate: GateUnderTest) -> None:
    gate.person()
    browser, key = gate.browser(), NamelessKey()
    browser.sign_in()
    add_passkey(browser, key)
    stranger = gate.browser()
    assert use_passkey(stranger, key, SIGN_IN, ENTRY).location.startswith("/-/sign-in?passkey-refused")
    assert stranger.check("home").status_code == 401
    stranger.sign_in()
    assert use_passkey(stranger, key, STEP, WITH).location == "/"


def test_a_passkey_that_names_another_account_opens_neither(gate: GateUnderTest) -> None:
    """Ben's name and Anna's key, signed by it: the account is the one that the key belongs to, or none."""
    for email in (ANNA, "ben@example.org"):
        gate.person(email)
    keys = {}
    for email in (ANNA, "ben@example.org"):
        browser, keys[email] = gate.browser(), SoftPasskey()
        browser.sign_in(email)
        add_passkey(browser, keys[email])
    thief = gate.browser()
    mixed = use_passkey(thief, keys[ANNA], SIGN_IN, ENTRY, handle=keys["ben@example.org"].handle)  # type: ignore[arg-type]
    assert mixed.location.startswith("/-/sign-in?passkey-")
    assert thief.check("home").status_code == 401
    thief.sign_in("ben@example.org")
    assert use_passkey(thief, keys[ANNA], STEP, WITH).status_code == 401
    assert thief.check("home").status_code == 401


def test_a_count_that_goes_back_closes_the_key_for_whoever_comes_next(gate: GateUnderTest) -> None:
    """The copy and the owner alike: nobody can tell which is which."""
    gate.person()
    browser, key = gate.browser(), SoftPasskey()
    browser.sign_in()
    add_passkey(browser, key)
    assert use_passkey(gate.browser(), key, SIGN_IN, ENTRY).location == "/"
    key.count = 0
    assert "passkey-copied" in use_passkey(gate.browser(), key, SIGN_IN, ENTRY).location
    key.count = 50
    assert "passkey-copied" in use_passkey(gate.browser(), key, SIGN_IN, ENTRY).location
    assert gate.browser().sign_in().location == "/"  # it counts as no factor any more, the password opens


def test_who_comes_by_a_provider_may_take_the_last_factor_away(gate: GateUnderTest, hands: object) -> None:
    """There is no password, and yet it is not the only way in."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    add_app(browser)
    with gate.desk() as db:
        anna = find_person(db, ANNA)
        anna.password = None
        db.add(
            LinkedAccount(person_id=anna.id, source="sso.okta", issuer="https://x", subject="7", email=ANNA)
        )
        db.commit()
    press(browser, "/-/security/authenticator/remove")
    with gate.desk() as db:
        assert db.scalar(select(Authenticator)) is None
        db.execute(LinkedAccount.__table__.delete())
        db.commit()
    key = SoftPasskey()
    add_passkey(browser, key)
    press(browser, "/-/security/passkeys/1/remove")
    with gate.desk() as db:
        assert db.scalar(select(Passkey)) is not None  # now it is


def test_a_fresh_proof_stays_in_the_session_that_gave_it(gate: GateUnderTest, hands: object) -> None:
    """Not with the person, and not with the token that the session had before."""
    gate.person()
    old, other = gate.browser(), gate.browser()
    old.sign_in()
    hands.move(minutes=11)  # type: ignore[attr-defined]
    other.sign_in()
    assert other.get("/-/security/authenticator").status_code == 200
    assert old.get("/-/security/authenticator").location.startswith("/-/confirm")
    before = old.cookie
    assert old.fill("/-/confirm?next=/-/security", password="correct horse battery").status_code == 302
    assert old.get("/-/security/authenticator").status_code == 200
    thief = gate.browser()
    thief.cookie = before
    assert thief.get("/-/security/authenticator").location.startswith("/-/sign-in")


def test_a_challenge_for_one_purpose_is_none_for_another(gate: GateUnderTest) -> None:
    """An answer that was given to sign in confirms nothing, though browser and key are the same."""
    gate.person()
    browser, key = gate.browser(), SoftPasskey()
    browser.sign_in()
    add_passkey(browser, key)
    page = browser.get("/-/confirm").text
    from soft_passkey import options_in

    options = options_in(page, "/-/confirm/passkey")
    browser.fill("/-/sign-out")
    form = browser.hidden(SIGN_IN)
    answer = browser.post(ENTRY, form | {"credential": key.get(options)})
    assert answer.location.startswith("/-/sign-in?passkey-late")
    options["challenge"] = text(b"\0" * 40)
    answer = browser.post(ENTRY, browser.hidden(SIGN_IN) | {"credential": key.get(options)})
    assert answer.location.startswith("/-/sign-in?passkey-late")
