"""A second factor that the site wants: nobody enters anything before they have one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from factor_walks import STEP, add_app, add_passkey, code, codes_in, second_step
from gate_client import Browser, GateUnderTest
from portico.gate.accounts import actions
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.factors import recovery
from portico.gate.factors.actions import NotFirstError
from portico.gate.factors.actions import add_passkey as add
from portico.gate.factors.passkeys import NewPasskey
from portico.site import Site
from portico.site.model import SecondFactor, SignIn
from soft_passkey import SoftPasskey, options_in

SET_UP, APP, KEY = f"{STEP}/set-up", f"{STEP}/authenticator", f"{STEP}/new-passkey"


def wanting(site: Site, **who: object) -> Site:
    """The site, wanting a second factor of these."""
    return replace(site, sign_in=SignIn(second_factor=SecondFactor(**who)))  # type: ignore[arg-type]


@pytest.fixture
def strict(site: Site) -> Iterator[GateUnderTest]:
    """A gate that wants a second factor of everybody."""
    gate = GateUnderTest(wanting(site, required=True))
    yield gate
    gate.close()


def half_way(gate: GateUnderTest, email: str = "anna@example.org") -> Browser:
    """A browser in which somebody without a second factor has given the password."""
    browser = gate.browser()
    assert browser.sign_in(email, path="/-/sign-in?/home/page").location == STEP
    assert browser.get(STEP).location == SET_UP
    return browser


def test_who_has_none_sets_one_up_before_entering_anything(strict: GateUnderTest) -> None:
    """Neither an app nor a page of the gate opens before; afterwards one is where one wanted to be."""
    strict.person()
    browser = half_way(strict)
    assert browser.check("home").status_code == 401
    for path in (
        "/-/profile",
        "/-/security",
        "/-/security/authenticator",
        "/-/hand-over?host=lab.localhost:8000&state=x",
    ):
        assert browser.get(path).location.startswith("/-/sign-in")
    before = browser.cookie
    page = browser.get(APP)
    assert page.status_code == 200
    secret, codes = add_app(browser, APP)
    assert len(codes) == 10
    assert browser.cookie != before
    assert browser.check("home").status_code == 204
    other = strict.browser()
    other.sign_in()
    assert second_step(other, code(secret, 1)).location == "/"


def test_a_passkey_does_as_well_and_leads_on(strict: GateUnderTest) -> None:
    """The page with the recovery codes has the way to where one wanted to go."""
    strict.person()
    browser = half_way(strict)
    shown = add_passkey(browser, SoftPasskey(), path=KEY)
    assert len(codes_in(shown.text)) == 10
    assert 'href="/home/page"' in shown.text
    assert browser.check("home").status_code == 204


def test_a_wrong_first_code_sets_up_nothing(strict: GateUnderTest) -> None:
    """The same secret is shown again, so that the app need not be set up twice."""
    strict.person()
    browser = half_way(strict)
    page = browser.get(APP).text
    from factor_walks import secret_in
    from gate_client import hidden_fields

    answer = browser.post(APP, hidden_fields(page) | {"code": "000000"})
    assert answer.status_code == 400
    assert secret_in(answer.text) == secret_in(page)
    assert browser.check("home").status_code == 401


def test_nobody_sets_up_a_factor_for_somebody_who_has_one(strict: GateUnderTest) -> None:
    """After the password alone, the second factor is asked for; adding one takes it first."""
    strict.person()
    add_app(half_way(strict), APP)
    thief = strict.browser()
    thief.sign_in()
    for path in (SET_UP, APP, KEY):
        assert thief.get(path).location == "/-/sign-in"
    fields = thief.hidden(STEP)
    assert thief.post(APP, fields | {"sealed": "x", "code": "000000"}).location == "/-/sign-in"


def test_who_waits_to_set_one_up_is_too_late_once_there_is_one(strict: GateUnderTest) -> None:
    """Two who know the password: the second to set something up would take the account from the first."""
    from gate_client import hidden_fields

    strict.person()
    owner, thief = half_way(strict), half_way(strict)
    page, key = thief.get(KEY).text, SoftPasskey()
    secret, _ = add_app(owner, APP)
    for path in (SET_UP, APP, KEY):
        assert thief.get(path).location == "/-/sign-in"
    late = hidden_fields(page) | {"name": "x", "credential": key.create(options_in(page))}
    assert thief.post(KEY, late).location == "/-/sign-in"
    assert thief.check("home").status_code == 401
    made = NewPasskey("credential", b"", 0, "", synced=False)
    with strict.desk() as db:
        person = find_person(db, "anna@example.org")
        with pytest.raises(NotFirstError):
            add(db, COMMAND_LINE, person, made, name="x", codes=recovery.make(), first=True)
    browser = strict.browser()
    browser.sign_in()
    assert second_step(browser, code(secret, 1)).status_code == 302


def test_a_sealed_secret_of_somebody_else_is_not_taken(strict: GateUnderTest) -> None:
    """Anna's page does not set up Ben's app."""
    from factor_walks import secret_in
    from gate_client import hidden_fields

    strict.person()
    strict.person("ben@example.org")
    anna, ben = half_way(strict), half_way(strict, "ben@example.org")
    page = anna.get(APP).text
    stolen = {"sealed": hidden_fields(page)["sealed"], "code": code(secret_in(page))}
    assert ben.post(APP, ben.hidden(APP) | stolen).status_code == 400
    assert ben.check("home").status_code == 401


def test_only_the_named_roles_must_have_one(site: Site) -> None:
    """Also where a group gives the role."""
    gate = GateUnderTest(wanting(site, roles=frozenset({"analyst"})))
    gate.person()
    gate.person("ben@example.org", "analyst")
    assert gate.browser().sign_in().location == "/"
    half_way(gate, "ben@example.org")
    gate.close()


def test_a_session_ends_when_its_person_comes_to_need_a_second_factor(site: Site) -> None:
    """A role, and the session that began without one opens nothing any more, in front of apps and in the gate."""
    gate = GateUnderTest(wanting(site, roles=frozenset({"analyst"})))
    gate.person()
    browser, other = gate.browser(), gate.browser()
    for one in (browser, other):
        one.sign_in()
        assert one.check("home").status_code == 204
    with gate.desk() as db:
        actions.set_roles(db, COMMAND_LINE, find_person(db, "anna@example.org"), ["analyst"])
    assert browser.check("home").status_code == 401
    assert other.get("/-/profile").location == "/-/sign-in?/-/profile"
    assert browser.get("/-/sign-in?/home/").status_code == 200  # no going round in circles
    assert browser.sign_in().location == STEP
    assert "weak-session-ended" in gate.audit()
    gate.close()


def test_who_sets_one_up_in_time_stays_signed_in(site: Site) -> None:
    """The session in which it was set up counts as one that began with it."""
    gate = GateUnderTest(wanting(site, roles=frozenset({"analyst"})))
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    add_app(browser)
    with gate.desk() as db:
        actions.set_roles(db, COMMAND_LINE, find_person(db, "anna@example.org"), ["analyst"])
    assert browser.check("home").status_code == 204
    assert browser.get("/-/profile").status_code == 200
    gate.close()


def test_the_last_factor_stays_where_the_site_wants_one(strict: GateUnderTest) -> None:
    """Another one first."""
    strict.person()
    browser = half_way(strict)
    add_app(browser, APP)
    browser.post("/-/security/authenticator/remove", browser.hidden("/-/security"))
    assert "must have a second factor" in browser.get("/-/security").text
    assert strict.browser().sign_in().location == STEP


def test_the_first_administrator_has_one_too(strict: GateUnderTest) -> None:
    """The first-run link is no way around."""
    from gate_client import PASSWORD, link_in

    browser = strict.browser()
    path = link_in(strict.notes[0])
    fields = {"email": "root@example.org", "name": "Root", "password": PASSWORD, "repeat": PASSWORD}
    assert browser.fill(path, **fields).location == STEP
    assert browser.check("home").status_code == 401
