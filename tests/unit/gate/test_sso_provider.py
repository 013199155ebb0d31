"""Signing in at a real OpenID provider: the whole way there and back, and what a thief or a liar makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select, update

from conftest import missing
from gate_client import Browser, GateUnderTest
from oidc_provider import ANNA, OidcProvider, missing_part, running
from portico.gate import clock
from portico.gate.models import LinkedAccount, Person, SessionRow
from portico.site import Joins, SignUp
from sso_site import come, known_as, site_with, way_back

ACCOUNTS = {
    "anna": ANNA,
    "ben": {"email": "ben@example.org", "email_verified": False, "name": "Ben"},
    "cleo": {"email": "cleo@example.org", "email_verified": True, "name": "Cleo", "groups": []},
    "dora": {"name": "Dora, who has no address"},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """A provider at which anna, ben, cleo and dora have accounts."""
    if part := missing_part():
        missing(part)
    with running(OidcProvider(accounts=ACCOUNTS)) as one:
        yield one


@pytest.fixture
def gate(tmp_path: Path, provider: OidcProvider) -> Iterator[GateUnderTest]:
    """A gate that is open to new accounts."""
    one = GateUnderTest(site_with(tmp_path, known_as(provider)))
    yield one
    one.close()


def signed_in(browser: Browser) -> bool:
    return browser.get("/-/profile").status_code == 200


def person(gate: GateUnderTest, email: str) -> Person | None:
    with gate.desk() as db:
        return db.scalar(select(Person).where(Person.email == email))


def test_somebody_new_comes_in_with_the_roles_of_their_groups(
    gate: GateUnderTest, provider: OidcProvider
) -> None:
    browser = gate.browser()
    answer = come(browser, provider, target="/sales/")
    assert (answer.status_code, answer.location) == (302, "/sales/")
    assert browser.check("sales").status_code == 204
    anna = person(gate, "anna@example.org")
    assert anna is not None
    assert (anna.name, anna.password, anna.email_verified) == ("Anna Example", None, True)
    assert {"person-created", "account-linked", "roles-changed", "signed-in"} <= set(gate.audit())


def test_the_second_time_it_is_the_same_account(gate: GateUnderTest, provider: OidcProvider) -> None:
    for _ in range(2):
        assert come(gate.browser(), provider).status_code == 302
    with gate.desk() as db:
        assert len(list(db.scalars(select(LinkedAccount)))) == len(list(db.scalars(select(Person)))) == 1


def test_the_way_there_carries_pkce_state_and_nonce(gate: GateUnderTest) -> None:
    query = parse_qs(urlsplit(gate.browser().get("/-/sso/okta/start").location).query)
    assert query["code_challenge_method"] == ["S256"]
    assert {len(query[name][0]) for name in ("state", "nonce", "code_challenge")} == {43}
    assert query["redirect_uri"] == ["http://localhost:8000/-/sso/okta/callback"]


def test_the_sign_in_page_has_a_button_that_keeps_the_way(gate: GateUnderTest) -> None:
    page = gate.browser().get("/-/sign-in?/sales/page?x=1").text
    assert 'href="/-/sso/okta/start?next=/sales/page?x%3D1"' in page
    assert "Sign in with Okta" in page


def test_who_is_not_wanted_here_gets_no_account(tmp_path: Path, provider: OidcProvider) -> None:
    for rule in (SignUp.CLOSED, SignUp.INVITE):
        gate = GateUnderTest(site_with(tmp_path / rule, known_as(provider), sign_up=rule))
        browser = gate.browser()
        answer = come(browser, provider)
        assert answer.status_code == 403
        assert "There is no account for anna@example.org here." in answer.text
        assert not signed_in(browser)
        assert person(gate, "anna@example.org") is None
        assert "sign-in-refused" in gate.audit()
        gate.close()


def test_a_provider_may_be_more_open_than_the_site(tmp_path: Path, provider: OidcProvider) -> None:
    gate = GateUnderTest(site_with(tmp_path, known_as(provider, sign_up="open"), sign_up=SignUp.CLOSED))
    assert come(gate.browser(), provider).status_code == 302
    gate.close()


def test_an_invitation_is_enough_for_whoever_comes_from_its_page(
    tmp_path: Path, provider: OidcProvider
) -> None:
    from portico.gate.accounts import invitations
    from portico.gate.audit import COMMAND_LINE

    gate = GateUnderTest(site_with(tmp_path, known_as(provider), sign_up=SignUp.INVITE))
    with gate.desk() as db:
        _, token = invitations.invite(db, COMMAND_LINE, "cleo@example.org", roles=["analyst"])
    browser, page = gate.browser(), f"/-/invitation/{token}"
    assert "You are invited: open the link" in come(browser, provider, "cleo").text
    assert f'href="/-/sso/okta/start?next={page}"' in browser.get(page).text
    assert come(browser, provider, "cleo", target=page).location == "/"
    assert browser.check("sales").status_code == 204
    gate.close()


def test_where_the_provider_may_an_invitation_of_its_address_is_enough(
    tmp_path: Path, provider: OidcProvider
) -> None:
    from portico.gate.accounts import invitations
    from portico.gate.audit import COMMAND_LINE

    known = known_as(provider, joins=Joins.UNUSED)
    gate = GateUnderTest(site_with(tmp_path, known, sign_up=SignUp.INVITE))
    with gate.desk() as db:
        invitations.invite(db, COMMAND_LINE, "cleo@example.org", roles=["analyst"])
    browser = gate.browser()
    assert come(browser, provider, "cleo").status_code == 302
    assert browser.check("sales").status_code == 204
    gate.close()


@pytest.mark.parametrize("login", ["ben", "dora"])
def test_an_address_that_the_provider_has_not_verified_opens_nothing_and_tells_nothing(
    gate: GateUnderTest, provider: OidcProvider, login: str
) -> None:
    """The answer is the same whether or not the site has an account with the address."""
    before = come(gate.browser(), provider, login)
    gate.person("ben@example.org")
    browser = gate.browser()
    after = come(browser, provider, login)
    assert before.status_code == after.status_code == 403
    assert before.text == after.text
    assert not signed_in(browser)


def test_a_provider_of_the_own_company_may_be_trusted_with_addresses(
    tmp_path: Path, provider: OidcProvider
) -> None:
    gate = GateUnderTest(site_with(tmp_path, known_as(provider, trusts_addresses=True)))
    assert come(gate.browser(), provider, "ben").status_code == 302
    gate.close()


def test_an_account_that_is_in_use_is_joined_only_after_its_own_sign_in(
    gate: GateUnderTest, provider: OidcProvider
) -> None:
    gate.person("anna@example.org", "analyst")
    browser = gate.browser()
    answer = come(browser, provider, target="/sales/")
    assert "/-/sso/join/" in answer.location
    assert not signed_in(browser)
    page = browser.get(answer.location)
    assert "There is an account for anna@example.org on this site" in page.text

    browser.sign_in(path=f"/-/sign-in?next={answer.location}")
    done = browser.fill(answer.location)
    assert done.location == "/sales/"
    assert come(gate.browser(), provider).location == "/"
    assert browser.get(answer.location).status_code == 400


def test_only_the_owner_of_the_address_can_join(gate: GateUnderTest, provider: OidcProvider) -> None:
    gate.person("anna@example.org")
    gate.person("eve@example.org")
    eve = gate.browser()
    page = come(eve, provider).location
    eve.sign_in("eve@example.org")
    assert eve.get(page).status_code == 403
    with gate.desk() as db:
        assert db.scalar(select(LinkedAccount)) is None


def test_a_session_from_before_is_no_fresh_sign_in(gate: GateUnderTest, provider: OidcProvider) -> None:
    """In another tab, somebody has signed in to the account some time before."""
    gate.person("anna@example.org")
    browser = gate.browser()
    page = come(browser, provider).location
    browser.sign_in()
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=clock.now() - timedelta(minutes=1)))
        db.commit()
    assert browser.get(page).location.startswith("/-/confirm?next=")


@pytest.mark.parametrize("joins", [Joins.ASKED, Joins.UNUSED])
def test_an_account_that_was_made_for_somebody_is_theirs_where_the_site_says_so(
    tmp_path: Path, provider: OidcProvider, joins: Joins
) -> None:
    """`portico user add` without a password, or a file of people: with `joins = "unused"` single sign-on just works."""
    gate = GateUnderTest(site_with(tmp_path, known_as(provider, joins=joins), sign_up=SignUp.CLOSED))
    gate.person("anna@example.org", password=False)
    browser = gate.browser()
    there = come(browser, provider).location
    assert signed_in(browser) == (joins is Joins.UNUSED)
    if joins is Joins.ASKED:
        assert "Get a password for it" in browser.get(there).text
    gate.close()


def test_a_disabled_person_stays_out(gate: GateUnderTest, provider: OidcProvider) -> None:
    from portico.gate.accounts import actions
    from portico.gate.audit import COMMAND_LINE

    come(gate.browser(), provider)
    with gate.desk() as db:
        actions.disable(db, COMMAND_LINE, db.scalar(select(Person)))
    browser = gate.browser()
    assert "disabled" in come(browser, provider).text
    assert not signed_in(browser)


def test_a_state_works_once(gate: GateUnderTest, provider: OidcProvider) -> None:
    browser = gate.browser()
    back = way_back(browser, provider)
    assert browser.get(back).status_code == 302
    browser.post("/-/sign-out", browser.hidden("/-/sign-out"))
    assert browser.get(back).status_code == 400
    assert not signed_in(browser)


def test_a_code_is_worth_nothing_a_second_time(gate: GateUnderTest, provider: OidcProvider) -> None:
    """A thief who saw the code cannot use it in a flow of their own: it belongs to another challenge, and is spent."""
    victim, thief = gate.browser(), gate.browser()
    back = way_back(victim, provider)
    code = parse_qs(urlsplit(back).query)["code"][0]
    start = parse_qs(urlsplit(thief.get("/-/sso/okta/start").location).query)
    forged = urlencode({"code": code, "state": start["state"][0], "iss": provider.issuer})
    assert thief.get(f"/-/sso/okta/callback?{forged}").status_code == 403
    assert not signed_in(thief)


def test_nobody_is_signed_in_as_somebody_else_by_a_link(gate: GateUnderTest, provider: OidcProvider) -> None:
    """Login CSRF: the way back of the thief's own sign-in, opened in the victim's browser."""
    thief, victim = gate.browser(), gate.browser()
    back = way_back(thief, provider)
    victim.get("/-/sign-in")
    assert victim.get(back).status_code == 400
    assert not signed_in(victim)
    assert thief.get(back).status_code == 302  # and nobody can spoil it for its owner


@pytest.mark.parametrize("state", ["", "x", "A" * 43, "A" * 5000])
def test_a_made_up_state_is_refused(gate: GateUnderTest, state: str) -> None:
    answer = gate.browser().get(f"/-/sso/okta/callback?{urlencode({'code': 'x', 'state': state})}")
    assert answer.status_code == 400


def test_an_answer_in_anothers_name_is_refused(gate: GateUnderTest, provider: OidcProvider) -> None:
    """Mix-up: the answer must carry this provider's issuer, and this one always says it."""
    for change in ("https://evil.example.org", None):
        browser = gate.browser()
        path, _, query = way_back(browser, provider).partition("?")
        values = {name: value[0] for name, value in parse_qs(query).items()}
        assert values.pop("iss") == provider.issuer
        values |= {"iss": change} if change else {}
        assert browser.get(f"{path}?{urlencode(values)}").status_code == 403
        assert not signed_in(browser)


def test_a_flow_of_one_provider_does_not_end_at_another(tmp_path: Path, provider: OidcProvider) -> None:
    other = known_as(provider, name="other", title="Other")
    gate = GateUnderTest(site_with(tmp_path, known_as(provider), other))
    browser = gate.browser()
    back = way_back(browser, provider).replace("/okta/", "/other/")
    assert browser.get(back).status_code == 400
    gate.close()


@pytest.mark.parametrize(
    "target",
    ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org", "javascript:alert(1)"],
)
def test_the_way_back_leads_into_this_site_and_nowhere_else(
    gate: GateUnderTest, provider: OidcProvider, target: str
) -> None:
    assert come(gate.browser(), provider, target=target).location == "/"


def test_what_the_provider_says_went_wrong_is_told_in_our_words(
    gate: GateUnderTest, provider: OidcProvider
) -> None:
    browser = gate.browser()
    state = parse_qs(urlsplit(browser.get("/-/sso/okta/start").location).query)["state"][0]
    said = {"error": "access_denied", "error_description": "<b>call 555-0100</b>", "state": state}
    answer = browser.get(f"/-/sso/okta/callback?{urlencode(said | {'iss': provider.issuer})}")
    assert answer.status_code == 403
    assert "555-0100" not in answer.text
    assert "The sign-in at Okta was cancelled" in answer.text


def test_an_unknown_provider_is_no_page(gate: GateUnderTest) -> None:
    for path in ("start", "callback"):
        assert gate.browser().get(f"/-/sso/nobody/{path}").status_code == 404


def test_the_database_and_the_pages_hold_no_secret_of_the_provider(
    gate: GateUnderTest, provider: OidcProvider, tmp_path: Path
) -> None:
    from oidc_provider import SECRET

    browser = gate.browser()
    come(browser, provider)
    state = b"".join(file.read_bytes() for file in (tmp_path / ".portico").glob("portico.db*"))
    assert SECRET.encode() not in state
    assert SECRET not in repr(gate.site)
