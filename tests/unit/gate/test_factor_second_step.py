"""The second step of a sign-in: nobody gets around it, and nothing given in it works twice."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from factor_walks import STEP, add_app, code, second_step, secret_in
from gate_client import PASSWORD, Browser, GateUnderTest
from portico.gate.accounts import actions
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE

NEW_HASH_FOR = "a better battery staple"


@pytest.fixture
def anna(gate: GateUnderTest, hands: object) -> str:
    """The secret of Anna, who has an authenticator app."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    secret, codes = add_app(browser)
    assert len(codes) == 10
    hands.move(minutes=2)  # type: ignore[attr-defined]
    return secret


def half_way(gate: GateUnderTest, path: str = "/-/sign-in") -> Browser:
    """A browser in which Anna has given her password."""
    browser = gate.browser()
    assert browser.sign_in(path=path).location == STEP
    return browser


def test_a_password_and_a_code_open_the_account_and_lead_where_one_wanted(
    gate: GateUnderTest, anna: str
) -> None:
    """`next` survives the step, and the session's token is a new one."""
    browser = half_way(gate, "/-/sign-in?/home/page?x=1")
    before = browser.cookie
    answer = second_step(browser, code(anna))
    assert answer.location == "/home/page?x=1"
    assert browser.cookie != before
    assert browser.check("home").status_code == 204
    assert gate.audit()[-1] == "signed-in"


def test_between_the_two_steps_nothing_is_open(gate: GateUnderTest, anna: str) -> None:
    """No app, no page, no change: the state between belongs to nobody."""
    browser = half_way(gate)
    assert browser.check("home").status_code == 401
    assert browser.check("news").headers.get("X-Portico-Identity") is None
    for path in ("/-/profile", "/-/security", "/-/security/authenticator", "/-/confirm", "/-/password"):
        assert browser.get(path).location == f"/-/sign-in?{path}"
    assert browser.get("/-/second-step/set-up").location == "/-/sign-in"
    assert browser.get("/-/second-step/authenticator").location == "/-/sign-in"
    assert "Apps" not in browser.get(STEP).text


def test_a_code_works_once(gate: GateUnderTest, anna: str) -> None:
    """Whoever looked over the shoulder is too late, in this session and in any other."""
    assert second_step(half_way(gate), code(anna)).status_code == 302
    answer = second_step(half_way(gate), code(anna))
    assert answer.status_code == 401
    assert "not right" in answer.text
    assert "second-step-failed" in gate.audit()


def test_a_code_before_one_that_was_used_is_dead_too(gate: GateUnderTest, anna: str, hands: object) -> None:
    """Otherwise an old code could be kept for later."""
    old = code(anna)
    hands.move(seconds=30)  # type: ignore[attr-defined]
    assert second_step(half_way(gate), code(anna)).status_code == 302
    assert second_step(half_way(gate), old).status_code == 401


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 302), (0, 302), (1, 302), (2, 401)])
def test_a_clock_may_be_half_a_minute_off(gate: GateUnderTest, anna: str, steps: int, status: int) -> None:
    """And no more."""
    assert second_step(half_way(gate), code(anna, steps)).status_code == status


@pytest.mark.parametrize("wrong", ["000000", "12345", "abc", "٠١٢٣٤٥", " ", "x" * 90])
def test_what_is_no_code_is_refused(gate: GateUnderTest, anna: str, wrong: str) -> None:
    """With a page, never with a bug."""
    answer = second_step(half_way(gate), wrong)
    assert answer.status_code in (200, 401)
    assert "Signing in as" in answer.text


def test_spaces_in_a_code_do_not_matter(gate: GateUnderTest, anna: str) -> None:
    """Apps show it in two halves."""
    shown = code(anna)
    assert second_step(half_way(gate), f"{shown[:3]} {shown[3:]}").status_code == 302


def test_the_state_between_lasts_ten_minutes(gate: GateUnderTest, anna: str, hands: object) -> None:
    """Then the password is asked for again."""
    browser = half_way(gate)
    fields = browser.hidden(STEP)
    hands.move(minutes=10)  # type: ignore[attr-defined]
    assert browser.post(STEP, fields | {"code": code(anna)}).location == "/-/sign-in"
    assert browser.check("home").status_code == 401


def test_the_state_between_is_bound_to_the_browser(gate: GateUnderTest, anna: str) -> None:
    """Another browser has no second step to take, with or without a form from the first."""
    first, other = half_way(gate), gate.browser()
    assert other.get(STEP).location == "/-/sign-in"
    assert other.post(STEP, first.hidden(STEP) | {"code": code(anna)}).status_code == 400


def test_a_planted_cookie_is_worth_nothing(gate: GateUnderTest, anna: str) -> None:
    """Who knew the browser's token before the password was given knows neither the state between nor the session."""
    attacker = gate.browser()
    attacker.sign_in()  # a row of the attacker's own making: knows Anna's password here, not her code
    planted = attacker.cookie
    assert planted
    victim = gate.browser()
    victim.cookie = planted
    victim.sign_in()
    assert victim.cookie != planted
    between = victim.cookie
    assert second_step(victim, code(anna)).status_code == 302
    for known in (planted, between):
        assert known
        attacker.cookie = known
        assert attacker.get("/-/profile").status_code == 302
        assert attacker.get(STEP).location == "/-/sign-in"
        assert attacker.check("home").status_code == 401


def test_an_account_cannot_be_swapped_half_way(gate: GateUnderTest, anna: str, hands: object) -> None:
    """Ben's password and Anna's code open neither account."""
    gate.person("ben@example.org")
    other = gate.browser()
    other.sign_in("ben@example.org")
    ben, _ = add_app(other)
    hands.move(minutes=2)  # type: ignore[attr-defined]
    browser = half_way(gate)
    form_for_anna = browser.hidden(STEP)
    assert browser.sign_in("ben@example.org").location == STEP
    assert (
        browser.post(STEP, form_for_anna | {"code": code(anna)}).status_code == 400
    )  # the token is gone with her
    assert second_step(browser, code(anna)).status_code == 401
    assert browser.check("home").status_code == 401
    assert second_step(browser, code(ben)).status_code == 302
    assert "ben@example.org" in browser.get("/-/profile").text


def test_a_new_password_ends_the_state_between(gate: GateUnderTest, anna: str) -> None:
    """Who came half way with the old one does not come in with it."""
    from portico.gate.accounts import passwords

    browser = half_way(gate)
    with gate.desk() as db:
        person = find_person(db, "anna@example.org")
        actions.change_password(db, COMMAND_LINE, person, passwords.hash_password(NEW_HASH_FOR), keep=None)
    assert browser.get(STEP).location == "/-/sign-in"


def test_a_disabled_account_does_not_come_in_half_way(gate: GateUnderTest, anna: str) -> None:
    """Nor does the right code help."""
    browser = half_way(gate)
    fields = browser.hidden(STEP)
    with gate.desk() as db:
        actions.disable(db, COMMAND_LINE, find_person(db, "anna@example.org"))
    assert browser.post(STEP, fields | {"code": code(anna)}).location == "/-/sign-in"


def test_guessing_codes_is_slowed_down_from_wherever_it_comes(gate: GateUnderTest, anna: str) -> None:
    """Five tries, then waiting; a new password step, another address or the right code are no way around."""
    for number in range(5):
        browser = gate.browser(REMOTE_ADDR=f"192.0.2.{number}")
        browser.sign_in()
        assert second_step(browser, "000000").status_code == 401
    browser = gate.browser(REMOTE_ADDR="198.51.100.9")
    browser.sign_in()
    answer = second_step(browser, code(anna))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_wait_doubles_and_is_a_quarter_of_an_hour_at_most(
    gate: GateUnderTest, anna: str, hands: object
) -> None:
    """So a day has room for a hundred guesses of a million, and the owner is told."""
    browser, made = half_way(gate), 0
    for _ in range(24 * 60 // 5):
        answer = second_step(browser, "000000")
        if answer.status_code == 400:  # the state between is over, and the form's token with it
            browser = half_way(gate)
        made += answer.status_code == 401
        hands.move(minutes=5)  # type: ignore[attr-defined]
    assert made < 120
    assert "codes-guessed" in gate.audit()


def test_a_stranger_cannot_make_somebody_wait(gate: GateUnderTest, anna: str) -> None:
    """Without the password there is no code to guess."""
    for _ in range(8):
        stranger = gate.browser(REMOTE_ADDR="198.51.100.9")
        stranger.sign_in(password="wrong password")
        stranger.fill("/-/sign-in", code="000000")
        assert stranger.get(STEP).location == "/-/sign-in"
    assert second_step(half_way(gate), code(anna)).status_code == 302


def test_many_tries_at_once_are_no_way_around(gate: GateUnderTest, anna: str) -> None:
    """Each is counted before it is looked at."""
    browsers = [half_way(gate) for _ in range(8)]
    forms = [browser.hidden(STEP) for browser in browsers]
    statuses: list[int] = []

    def guess(browser: Browser, fields: dict[str, str]) -> None:
        for _ in range(3):
            statuses.append(browser.post(STEP, fields | {"code": "000000"}).status_code)

    threads = [threading.Thread(target=guess, args=pair) for pair in zip(browsers, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(statuses) == 24
    assert statuses.count(401) == 5


def test_of_two_who_send_a_code_at_once_one_gets_in(gate: GateUnderTest, anna: str) -> None:
    """The race for one code has one winner."""
    browsers = [half_way(gate) for _ in range(4)]
    forms = [browser.hidden(STEP) | {"code": code(anna)} for browser in browsers]
    barrier, statuses = threading.Barrier(4), []

    def send(browser: Browser, fields: dict[str, str]) -> None:
        barrier.wait(30)
        statuses.append(browser.post(STEP, fields).status_code)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(browsers, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [302, 401, 401, 401]


def test_the_step_is_closed_to_forms_from_elsewhere(gate: GateUnderTest, anna: str) -> None:
    """No token, no step; another site's form neither."""
    browser = half_way(gate)
    assert browser.post(STEP, {"code": code(anna)}).status_code == 400
    fields = browser.hidden(STEP) | {"code": code(anna)}
    assert browser.post(STEP, fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.check("home").status_code == 401


def test_one_may_begin_again_as_somebody_else(gate: GateUnderTest, anna: str) -> None:
    """The state between ends, and where one wanted to go is kept."""
    browser = half_way(gate, "/-/sign-in?/home/")
    answer = browser.post("/-/second-step/leave", browser.hidden(STEP))
    assert answer.location == "/-/sign-in?next=/home/"
    assert browser.get(STEP).location == "/-/sign-in"


def test_an_app_on_its_own_host_is_reached_through_the_second_step(gate: GateUnderTest, anna: str) -> None:
    """The hand-over begins after it, not before."""
    browser = half_way(gate, "/-/sign-in?http://lab.localhost:8000/page")
    assert browser.get("/-/hand-over?host=lab.localhost:8000&state=x").status_code == 302
    answer = second_step(browser, code(anna))
    assert answer.location == "http://lab.localhost:8000/-/enter?next=/page".replace("=/", "=%2F")


def test_remember_me_survives_the_second_step(gate: GateUnderTest, anna: str) -> None:
    """The tick on the first page holds for the session of the second."""
    browser = gate.browser()
    browser.sign_in(remember="y")
    assert any(
        "Max-Age=2592000" in one for one in second_step(browser, code(anna)).headers.getlist("Set-Cookie")
    )


def test_the_authenticators_secret_is_sealed_in_the_database(gate: GateUnderTest, anna: str) -> None:
    """And shown to nobody again."""
    from sqlalchemy import text

    with gate.desk() as db:
        kept = db.execute(text("SELECT secret FROM authenticator")).scalar_one()
        everything = str(db.execute(text("SELECT data FROM session")).all())
    assert anna not in kept
    assert anna not in everything
    browser = half_way(gate)
    second_step(browser, code(anna))
    assert anna not in browser.get("/-/security").text
    assert secret_in(browser.get("/-/security/authenticator").text) != anna


def test_a_person_without_a_second_factor_signs_in_as_before(gate: GateUnderTest) -> None:
    """One step."""
    gate.person()
    assert gate.browser().sign_in().location == "/"
    assert replace(gate.site).sign_in.second_factor.required is False
    assert PASSWORD
