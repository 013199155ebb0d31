"""Whose account a sign-in elsewhere opens: what somebody may do who has somebody else's address there, or here first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from factor_walks import add_passkey
from gate_client import PASSWORD, Browser, GateUnderTest
from kept_mails import mails, with_mailbox
from lying_provider import LyingProvider, running
from portico.gate import clock
from portico.gate.accounts import actions, invitations
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import ApiToken, LinkedAccount, Passkey, Person
from portico.gate.sso import arrival
from portico.gate.sso.arrival import Join, Refusal, Rules, Visit, Welcome
from portico.gate.sso.statement import Statement
from portico.site import Joins, SignUp
from soft_passkey import SoftPasskey
from sso_site import known_as, site_with

ANNA = "anna@example.org"
SAYS = Statement("sso.okta", "Okta", "https://login.example.org", "7", ANNA, True, "Anna")
CLAIMS = Statement("sso.sloppy", "Sloppy", "https://sloppy.example.org", "666", ANNA, True, "Eve")
ASKED, UNUSED, ALL = (Rules((("sales", "analyst"),), None, joins) for joins in Joins)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateUnderTest]:
    """A gate for tests that need no provider."""
    one = GateUnderTest(with_mailbox(site_with(tmp_path)))
    yield one
    one.close()


def visit(gate: GateUnderTest, statement: Statement, rules: Rules, target: str = "/") -> arrival.Arrival:
    """Come from there."""
    with gate.desk() as db:
        return arrival.arrive(db, Visit(gate.site, "192.0.2.7", statement, rules, target))


def person(gate: GateUnderTest, email: str = ANNA) -> Person:
    with gate.desk() as db:
        found = db.scalar(select(Person).where(Person.email == email))
        assert found is not None
        return found


def links(gate: GateUnderTest) -> int:
    with gate.desk() as db:
        return len(list(db.scalars(select(LinkedAccount))))


def test_a_provider_opens_no_account_that_an_administrator_made_unless_the_site_says_so(
    gate: GateUnderTest,
) -> None:
    """Made by command, by page, or from a file: somebody at a provider that lets people claim addresses waits for it."""
    gate.person(ANNA, "admin", password=False)
    assert isinstance(visit(gate, CLAIMS, ASKED), Join)
    assert links(gate) == 0


def test_people_from_a_file_come_in_by_the_provider_that_may_and_by_no_other(gate: GateUnderTest) -> None:
    from portico.gate import roster

    file = f"email,name,roles\n{ANNA},Anna,analyst\n"
    with gate.desk() as db:
        roster.bring_in(db, COMMAND_LINE, roster.read(file.encode()))
    assert isinstance(visit(gate, CLAIMS, ASKED), Join)
    assert isinstance(visit(gate, SAYS, UNUSED), Welcome)
    assert isinstance(visit(gate, CLAIMS, UNUSED), Join)
    assert person(gate).role_names == {"analyst"}
    assert any("Okta now opens your account" in letter.subject for letter in mails(gate))


@pytest.mark.parametrize("use", ["password", "passkey", "sign-in", "unverified"])
def test_an_account_that_somebody_has_used_is_never_an_unused_one(gate: GateUnderTest, use: str) -> None:
    gate.person(ANNA, password=use == "password")
    with gate.desk() as db:
        anna = db.scalar(select(Person))
        assert anna is not None
        if use == "passkey":
            db.add(Passkey(person_id=anna.id, credential="x", public_key=b"x", sign_count=0, name="Phone"))
        anna.last_sign_in_at = clock.now() if use == "sign-in" else None
        anna.email_verified = use != "unverified"
        db.commit()
    assert isinstance(visit(gate, SAYS, UNUSED), Join)
    assert links(gate) == 0


def test_an_account_that_was_taken_apart_again_is_not_for_the_next_who_comes(gate: GateUnderTest) -> None:
    from portico.gate.audit import Actor
    from portico.gate.sso import linked

    gate.person(ANNA, password=False)
    visit(gate, SAYS, UNUSED)
    with gate.desk() as db:
        anna = db.scalar(select(Person))
        actions.sign_in(db, anna, gate.site.sessions, via="sso.okta", remember=False, ip="", user_agent="")
        anna.password = "x"
        db.commit()
        linked.unlink(db, Actor(ANNA), anna, db.scalar(select(LinkedAccount.id)))
        anna.password = None
        db.commit()
    assert isinstance(visit(gate, CLAIMS, UNUSED), Join)


@pytest.mark.parametrize("rules", [ASKED, UNUSED])
def test_whoever_registered_the_address_first_gets_nothing_of_its_owners(
    gate: GateUnderTest, rules: Rules
) -> None:
    """Eve registers anna's address and waits in the account. Anna's sign-in elsewhere neither opens nor feeds it."""
    with gate.desk() as db:
        actions.sign_up(db, COMMAND_LINE, ANNA, name="Eve", password_hash="x")
    assert isinstance(visit(gate, replace(SAYS, groups=("sales",)), rules), Join)
    found = person(gate)
    assert (found.email_verified, found.role_names, links(gate)) == (False, set(), 0)


def test_a_proxy_that_opens_all_accounts_takes_a_strangers_way_in_out_of_them(gate: GateUnderTest) -> None:
    """Eve registered anna's address, and left a password, a passkey, a token and a session there."""
    from portico.gate.accounts import passwords

    with gate.desk() as db:
        actions.sign_up(db, COMMAND_LINE, ANNA, name="Eve", password_hash=passwords.hash_password(PASSWORD))
    eve, key = gate.browser(), SoftPasskey()
    eve.sign_in(ANNA)
    add_passkey(eve, key)
    with gate.desk() as db:
        token = ApiToken(
            uid="x", name="eve", token_hash="x", hint="x", created_by="eve", expires_at=clock.now()
        )
        token.person_id = db.scalar(select(Person.id))
        db.add(token)
        db.commit()
    assert eve.check("sum").status_code == 204
    header = replace(SAYS, source="trusted_header", issuer="trusted-header", groups=("sales",))
    assert isinstance(visit(gate, header, ALL), Welcome)
    found = person(gate)
    assert (found.name, found.password, found.email_verified) == ("Anna", None, True)
    with gate.desk() as db:
        assert list(db.scalars(select(Passkey))) == list(db.scalars(select(ApiToken))) == []
    assert eve.check("sum").status_code == 401
    assert gate.browser().sign_in(ANNA).status_code == 401


def test_an_account_that_its_owner_has_proven_keeps_all_its_ways_in(gate: GateUnderTest) -> None:
    gate.person(ANNA)
    assert isinstance(visit(gate, SAYS, ALL), Welcome)
    assert gate.browser().sign_in(ANNA).status_code == 302


def test_an_invitation_is_for_whoever_has_its_link_and_not_for_whoever_claims_its_address(
    tmp_path: Path,
) -> None:
    gate = GateUnderTest(site_with(tmp_path, sign_up=SignUp.INVITE))
    with gate.desk() as db:
        _, token = invitations.invite(db, COMMAND_LINE, ANNA, roles=["admin"])
    refused = visit(gate, CLAIMS, ASKED)
    assert isinstance(refused, Refusal)
    assert "open the link of the invitation" in refused.why
    for target in (
        f"/-/invitation/{'A' * 43}",
        f"/x?/-/invitation/{token}",
        f"https://x/-/invitation/{token}",
    ):
        assert isinstance(visit(gate, CLAIMS, ASKED, target), Refusal)
    other = replace(CLAIMS, email="eve@example.org")
    assert isinstance(visit(gate, other, ASKED, f"/-/invitation/{token}"), Refusal)

    came = visit(gate, SAYS, ASKED, f"/-/invitation/{token}")
    assert isinstance(came, Welcome)
    assert came.target == "/"
    assert person(gate).role_names == {"admin"}
    assert isinstance(
        visit(gate, replace(CLAIMS, email="b@example.org"), ASKED, f"/-/invitation/{token}"), Refusal
    )
    gate.close()


def test_a_link_that_was_handed_over_without_an_address_does_for_any(tmp_path: Path) -> None:
    gate = GateUnderTest(site_with(tmp_path, sign_up=SignUp.INVITE))
    with gate.desk() as db:
        _, token = invitations.invite(db, COMMAND_LINE, None, roles=["analyst"])
    assert isinstance(visit(gate, SAYS, ASKED, f"/-/invitation/{token}"), Welcome)
    assert person(gate).role_names == {"analyst"}
    gate.close()


@pytest.fixture
def lying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[GateUnderTest, LyingProvider]]:
    """A gate and a provider at which everybody may be anybody."""
    monkeypatch.setattr(LyingProvider, "name", "okta", raising=False)
    with running() as provider:
        one = GateUnderTest(site_with(tmp_path, known_as(provider)))
        yield one, provider
        one.close()


def come(gate: GateUnderTest, provider: LyingProvider, browser: Browser, **claims: object) -> str:
    """Come back from the provider, which says these claims; where the gate leads then."""
    query = parse_qs(urlsplit(browser.get("/-/sso/okta/start").location).query)
    provider.id_token = provider.sign(provider.claims(query["nonce"][0], **claims))
    back = urlencode({"code": "x", "state": query["state"][0]})
    return browser.get(f"/-/sso/okta/callback?{back}").location or ""


def test_the_page_that_joins_works_in_the_browser_that_came_from_there_alone(
    lying: tuple[GateUnderTest, LyingProvider],
) -> None:
    """Eve has an account there with anna's address, and sends anna the page. Anna signs in, agrees, and joins nothing."""
    gate, provider = lying
    gate.person(ANNA)
    page = come(gate, provider, gate.browser())
    assert page.startswith("/-/sso/join/")
    anna = gate.browser()
    assert anna.get(page).status_code == 400
    anna.sign_in(path=f"/-/sign-in?next={page}")
    form = anna.hidden("/-/sign-in-accounts")
    assert anna.get(page).status_code == 400
    assert anna.post(page, form).status_code == 400
    assert links(gate) == 0


def test_the_mark_of_that_browser_is_closed_to_scripts_and_apps(
    lying: tuple[GateUnderTest, LyingProvider],
) -> None:
    gate, provider = lying
    gate.person(ANNA)
    browser = gate.browser()
    come(gate, provider, browser)
    cookie = browser.client.get_cookie("portico_join", domain="localhost", path="/-/sso/join")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.max_age) == (True, "Lax", 900)


@pytest.mark.parametrize(
    ("trusted", "email", "comes_in"),
    [
        (False, ANNA, False),
        (("example.org",), ANNA, True),
        (("example.org",), "Anna@EXAMPLE.org", True),
        (("example.org",), "anna@example.com", False),
        (("example.org",), "anna@evil.example.org", False),
        (("example.org",), "anna@evilexample.org", False),
        (("example.org",), "boss@example.com@example.org", False),
        (("example.org",), "example.org", False),
    ],
)
def test_addresses_that_nobody_verified_count_at_the_named_domains_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: object, email: str, comes_in: bool
) -> None:
    """A guest of the company's tenant, whose address is whatever their own tenant wrote down ("nOAuth")."""
    monkeypatch.setattr(LyingProvider, "name", "okta", raising=False)
    with running() as provider:
        known = known_as(provider, trusts_addresses=trusted)
        gate = GateUnderTest(site_with(tmp_path, known))
        browser = gate.browser()
        come(gate, provider, browser, email=email, email_verified=None)
        assert (browser.get("/-/profile").status_code == 200) == comes_in
        gate.close()


def test_an_address_is_not_verified_by_what_is_said_about_another(
    lying: tuple[GateUnderTest, LyingProvider],
) -> None:
    """The ID token names one address, the userinfo answer verifies another."""
    gate, provider = lying
    provider.more = {"email": "eve@example.org", "email_verified": True, "groups": []}
    browser = gate.browser()
    come(gate, provider, browser, email_verified=None)
    assert browser.get("/-/profile").status_code != 200
