"""Passkeys: as the second step, as the only one, and everything that somebody might send in place of one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from factor_walks import NEW_PASSKEY, STEP, add_passkey, codes_in, second_step, use_passkey
from gate_client import Browser, GateUnderTest, hidden_fields
from portico.gate.factors import challenges, passkeys
from portico.gate.models import Passkey
from portico.site import Site
from soft_passkey import SoftPasskey, options_in, text

SIGN_IN, ENTRY, WITH = "/-/sign-in", "/-/passkey", "/-/second-step/passkey"


@pytest.fixture
def key(gate: GateUnderTest) -> SoftPasskey:
    """Anna's passkey."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    passkey = SoftPasskey()
    shown = add_passkey(browser, passkey)
    assert len(codes_in(shown.text)) == 10, shown.text
    return passkey


@pytest.fixture
def browser(gate: GateUnderTest) -> Iterator[Browser]:
    """A browser without cookies."""
    return gate.browser()


def refused(browser: Browser, answer: object) -> bool:
    """Whether the sign-in led nowhere."""
    location = getattr(answer, "location", None)
    return (
        bool(location and location.startswith("/-/sign-in?passkey-"))
        and browser.get("/-/profile").status_code == 302
    )


def test_a_passkey_alone_opens_the_account(gate: GateUnderTest, key: SoftPasskey, browser: Browser) -> None:
    """Without address, password or second step; the session is a new one and leads where one wanted."""
    page = f"{SIGN_IN}?/home/page"
    text_of = browser.get(page).text
    before = browser.cookie
    fields = hidden_fields(text_of) | {"credential": key.get(options_in(text_of, ENTRY))}
    answer = browser.post(f"{ENTRY}?next=/home/page", fields)
    assert answer.location == "/home/page"
    assert browser.cookie != before
    assert browser.check("home").status_code == 204
    assert gate.audit()[-1] == "signed-in"


def test_the_sign_in_page_keeps_where_to_go_for_the_passkeys_form(gate: GateUnderTest) -> None:
    """Its button leads there, too, however the address was given."""
    for page in (f"{SIGN_IN}?/home/page", f"{SIGN_IN}?next=/home/page"):
        assert 'action="/-/passkey?next=/home/page"' in gate.browser().get(page).text
    assert 'action="/-/passkey"' in gate.browser().get(f"{SIGN_IN}?//evil.example").text


def test_after_the_password_a_passkey_is_the_second_step(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser
) -> None:
    """A password alone no longer does."""
    assert browser.sign_in().location == STEP
    assert use_passkey(browser, key, STEP, WITH).location == "/"
    assert browser.check("home").status_code == 204


def test_a_key_without_a_pin_is_a_second_factor_and_no_first_one(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser
) -> None:
    """Touching a found key must not be enough."""
    key.verifies = False
    assert refused(browser, use_passkey(browser, key, SIGN_IN, ENTRY))
    browser.sign_in()
    assert use_passkey(browser, key, STEP, WITH).location == "/"


def test_a_phone_that_counts_nothing_is_fine(gate: GateUnderTest) -> None:
    """Synced passkeys always say zero."""
    gate.person()
    first = gate.browser()
    first.sign_in()
    key = SoftPasskey(count=None)
    add_passkey(first, key)
    for _ in range(2):
        browser = gate.browser()
        assert use_passkey(browser, key, SIGN_IN, ENTRY).location == "/"


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8001"},
        {"origin": "https://localhost:8000"},
        {"origin": "http://lab.localhost:8000"},
        {"rp_id": "evil.example"},
        {"rp_id": "lab.localhost"},
        {"handle": b"somebody else"},
    ],
)
def test_an_answer_given_elsewhere_is_refused(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser, lie: dict[str, str]
) -> None:
    """Another origin, another relying party, another account's name: a phishing page gets nowhere."""
    assert refused(browser, use_passkey(browser, key, SIGN_IN, ENTRY, **lie))
    browser.sign_in()
    assert use_passkey(browser, key, STEP, WITH, **lie).status_code == 401
    assert browser.check("home").status_code == 401
    assert "second-step-failed" in gate.audit()


def test_an_answer_works_once(gate: GateUnderTest, key: SoftPasskey, browser: Browser) -> None:
    """Sent again, in the same browser, it is late; so is a second answer to the same challenge."""
    page = browser.get(SIGN_IN).text
    options = options_in(page, ENTRY)
    key.count = None
    fields = hidden_fields(page) | {"credential": key.get(options)}
    token = browser.cookie
    assert token
    assert browser.post(ENTRY, fields).location == "/"
    again = gate.browser()
    again.cookie = token
    assert refused(again, again.post(ENTRY, fields))
    again.cookie = token
    assert refused(again, again.post(ENTRY, fields | {"credential": key.get(options)}))


def test_of_two_answers_at_once_one_opens(gate: GateUnderTest, key: SoftPasskey, browser: Browser) -> None:
    """The race for one challenge has one winner."""
    key.count = None
    page = browser.get(SIGN_IN).text
    fields = hidden_fields(page) | {"credential": key.get(options_in(page, ENTRY))}
    token, barrier, places = browser.cookie, threading.Barrier(4), []
    assert token

    def send() -> None:
        other = gate.browser()
        other.cookie = token
        barrier.wait(30)
        places.append(other.post(ENTRY, fields).location)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert places.count("/") == 1


def test_a_challenge_is_for_one_browser_and_one_purpose(gate: GateUnderTest, key: SoftPasskey) -> None:
    """An answer that was tricked out of a person elsewhere fits no other page and no other browser."""
    victim, attacker = gate.browser(), gate.browser()
    options = options_in(victim.get(SIGN_IN).text, ENTRY)
    page = attacker.get(SIGN_IN).text
    stolen = hidden_fields(page) | {"credential": key.get(options)}
    assert refused(attacker, attacker.post(ENTRY, stolen))
    attacker.sign_in()
    step = attacker.get(STEP).text
    for_entry = key.get(options_in(attacker.get(SIGN_IN).text, ENTRY))
    assert attacker.post(WITH, hidden_fields(step) | {"credential": for_entry}).status_code == 401


def test_a_challenge_runs_out(gate: GateUnderTest, hands: object) -> None:
    """After a quarter of an hour; the page fetches a new one before that."""
    gate.person()
    first = gate.browser()
    first.sign_in()
    key = SoftPasskey()
    add_passkey(first, key)
    browser = gate.browser()
    page = browser.get(SIGN_IN).text
    fields = hidden_fields(page)
    hands.move(seconds=challenges.LIFETIME.total_seconds())  # type: ignore[attr-defined]
    assert (
        "passkey-late"
        in browser.post(ENTRY, fields | {"credential": key.get(options_in(page, ENTRY))}).location
    )
    options = browser.get("/-/passkey/options").json
    assert browser.post(ENTRY, fields | {"credential": key.get(options)}).location == "/"


def test_a_challenge_of_ones_own_making_is_refused(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser
) -> None:
    """Only the site makes them."""
    page = browser.get(SIGN_IN).text
    for made in (b"", b"\0" * 40, b"x" * 41):
        options = {"challenge": text(made)}
        assert refused(browser, browser.post(ENTRY, hidden_fields(page) | {"credential": key.get(options)}))


def test_a_passkey_whose_count_goes_back_is_closed(gate: GateUnderTest, key: SoftPasskey) -> None:
    """Somebody has a copy: from then on neither opens anything, the owner is told, and removes it."""
    assert use_passkey(gate.browser(), key, SIGN_IN, ENTRY).location == "/"
    copy = replace(key, count=(key.count or 0) - 1)
    thief = gate.browser()
    assert "passkey-copied" in use_passkey(thief, copy, SIGN_IN, ENTRY).location
    assert refused(thief, use_passkey(thief, replace(key, count=100), SIGN_IN, ENTRY))
    assert "passkey-copied" in gate.audit()
    owner = gate.browser()
    assert owner.sign_in().location == "/"  # it counts as none any more
    assert "closed" in owner.get("/-/security").text
    owner.post("/-/security/passkeys/1/remove", owner.hidden("/-/security"))
    assert "closed" not in owner.get("/-/security").text


def test_somebody_elses_passkey_is_no_second_step(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser
) -> None:
    """Ben's key after Anna's password."""
    gate.person("ben@example.org")
    other = gate.browser()
    other.sign_in("ben@example.org")
    ben = SoftPasskey()
    add_passkey(other, ben)
    browser.sign_in()
    assert use_passkey(browser, ben, STEP, WITH).status_code == 401
    assert use_passkey(browser, key, STEP, WITH).location == "/"


def test_one_credential_belongs_to_one_person(gate: GateUnderTest, key: SoftPasskey) -> None:
    """The second to bring it is refused, so that nobody signs in as who registered first, or last."""
    gate.person("ben@example.org")
    other = gate.browser()
    other.sign_in("ben@example.org")
    answer = add_passkey(other, key)
    assert answer.status_code == 400
    assert "in use already" in answer.text


@pytest.mark.parametrize(
    "answer",
    ["", "null", "[]", "{}", '{"response": {}}', "x" * 40_000, "[" * 20_000, '{"id": 5, "response": {"clientDataJSON": 5}}',
     '{"id": "a", "response": {"clientDataJSON": "e30"}}', '{"id": "\\u0000", "response": {"clientDataJSON": "!!"}}'],
)  # fmt: skip
def test_what_is_no_answer_is_refused(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser, answer: str
) -> None:
    """With a page, never with a bug: at the sign-in, in the second step, and for a new passkey."""
    page = browser.get(SIGN_IN).text
    assert refused(browser, browser.post(ENTRY, hidden_fields(page) | {"credential": answer}))
    browser.sign_in()
    step = hidden_fields(browser.get(STEP).text)
    assert browser.post(WITH, step | {"credential": answer}).status_code == 401


def test_a_damaged_answer_is_refused(gate: GateUnderTest, key: SoftPasskey) -> None:
    """Each part of it, cut or changed."""
    for number, part in enumerate(("signature", "authenticatorData", "clientDataJSON")):
        for damage in ("", "AAAA", "AAAA" * 30):
            browser = gate.browser(REMOTE_ADDR=f"192.0.2.{number}")
            page = browser.get(SIGN_IN).text
            said = json.loads(key.get(options_in(page, ENTRY)))
            said["response"][part] = damage
            fields = hidden_fields(page) | {"credential": json.dumps(said)}
            assert refused(browser, browser.post(ENTRY, fields))


def test_a_new_passkey_takes_the_page_of_this_person(gate: GateUnderTest, key: SoftPasskey) -> None:
    """Another origin, another purpose or a used challenge makes none."""
    browser = gate.browser()
    use_passkey(browser, key, SIGN_IN, ENTRY)
    page = browser.get(NEW_PASSKEY).text
    for lie in ({"origin": "https://evil.example"}, {"rp_id": "evil.example"}):
        fields = hidden_fields(page) | {"credential": SoftPasskey().create(options_in(page), **lie)}
        assert browser.post(NEW_PASSKEY, fields).status_code == 400
    made = SoftPasskey().create(options_in(browser.get(NEW_PASSKEY).text))
    assert browser.post(NEW_PASSKEY, hidden_fields(page) | {"credential": made}).status_code == 302
    assert browser.post(NEW_PASSKEY, hidden_fields(page) | {"credential": made}).status_code == 400
    with gate.desk() as db:
        assert db.query(Passkey).count() == 2


def test_passkeys_have_names_and_are_changed_by_their_owner_alone(
    gate: GateUnderTest, key: SoftPasskey
) -> None:
    """List, rename, remove; another person's are not there."""
    browser = gate.browser()
    use_passkey(browser, key, SIGN_IN, ENTRY)
    assert "Phone" in browser.get("/-/security").text
    assert browser.fill("/-/security/passkeys/1", name="  Blue\u202e key ").status_code == 302
    assert "Blue key" in browser.get("/-/security").text
    gate.person("ben@example.org")
    other = gate.browser()
    other.sign_in("ben@example.org")
    assert other.get("/-/security/passkeys/1").status_code == 404
    assert other.post("/-/security/passkeys/1/remove", other.hidden("/-/security")).status_code == 404
    browser.post("/-/security/passkeys/1/remove", browser.hidden("/-/security/passkeys/1"))
    assert "is removed" in browser.get("/-/security").text
    assert "Blue key" not in browser.get("/-/security").text
    assert gate.browser().sign_in().location == "/"


def test_whoever_has_no_password_keeps_one_passkey(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser
) -> None:
    """The last way in is not closed by mistake."""
    from portico.gate.accounts.people import find_person

    with gate.desk() as db:
        find_person(db, "anna@example.org").password = None
        db.commit()
    use_passkey(browser, key, SIGN_IN, ENTRY)
    browser.post("/-/security/passkeys/1/remove", browser.hidden("/-/security/passkeys/1"))
    assert "only way in" in browser.get("/-/security").text
    assert use_passkey(gate.browser(), key, SIGN_IN, ENTRY).location == "/"


def test_a_disabled_account_is_closed_to_its_passkeys(
    gate: GateUnderTest, key: SoftPasskey, browser: Browser
) -> None:
    """And looks like an unknown passkey."""
    from portico.gate.accounts import actions
    from portico.gate.accounts.people import find_person
    from portico.gate.audit import COMMAND_LINE

    with gate.desk() as db:
        actions.disable(db, COMMAND_LINE, find_person(db, "anna@example.org"))
    known = use_passkey(browser, key, SIGN_IN, ENTRY)
    unknown = use_passkey(gate.browser(), SoftPasskey(), SIGN_IN, ENTRY)
    assert known.location == unknown.location


def test_pages_that_only_show_the_button_write_nothing(gate: GateUnderTest) -> None:
    """A stranger who looks at the sign-in page costs no row."""
    from sqlalchemy import text as sql

    for _ in range(3):
        browser = gate.browser()
        browser.get(SIGN_IN)
        browser.get("/-/passkey/options")
    with gate.desk() as db:
        for table in ("spent_challenge", "session"):
            assert db.execute(sql(f"SELECT count(*) FROM {table}")).scalar() == 0  # noqa: S608


def test_relying_party_and_origin_come_from_the_declared_url(site: Site) -> None:
    """Never from a header; and passkeys are offered only where browsers allow them."""
    declared = replace(site, url="https://apps.example.com:8443")
    gate = GateUnderTest(declared)
    answer = gate.browser().get(SIGN_IN, headers={"X-Forwarded-Host": "evil.example"})
    assert options_in(answer.text, ENTRY)["rpId"] == "apps.example.com"
    gate.close()
    for url, allowed in (
        ("http://localhost:8000", True),
        ("http://apps.localhost", True),
        ("https://apps.example.com", True),
        ("http://apps.example.com", False),
        ("https://192.0.2.1", False),
        ("http://127.0.0.1:8000", False),
        ("https://[2001:db8::1]", False),
    ):
        assert passkeys.available(replace(site, url=url)) is allowed


def test_a_recovery_code_stands_in_for_a_lost_passkey(gate: GateUnderTest) -> None:
    """After the password, for a person who has passkeys only."""
    gate.person()
    first = gate.browser()
    first.sign_in()
    codes = codes_in(add_passkey(first, SoftPasskey()).text)
    browser = gate.browser()
    browser.sign_in()
    assert second_step(browser, codes[0], f"{STEP}?recovery").location == "/"
