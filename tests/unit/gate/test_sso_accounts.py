"""Accounts elsewhere and the account here: joining, taking apart, confirming, and the roles that groups bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from conftest import missing
from gate_client import PASSWORD, Browser, GateUnderTest
from oidc_provider import ANNA, OidcProvider, missing_part, running
from portico.gate import clock
from portico.gate.accounts import actions
from portico.gate.audit import COMMAND_LINE, Actor
from portico.gate.models import BroughtRole, LinkedAccount, Person, SessionOrigin, SessionRow
from portico.gate.sso import arrival, brought_roles, linked
from portico.gate.sso.arrival import Join, Refusal, Rules, Visit, Welcome
from portico.gate.sso.statement import Statement
from portico.site import SignUp
from sso_site import away_from, come, known_as, local, site_with

CLEO = {"email": "cleo@example.org", "email_verified": True, "name": "Cleo"}
SAYS = Statement("sso.okta", "Okta", "https://login.example.org", "7", "anna@example.org", True, "Anna")
RULES = Rules((("sales", "analyst"), ("bosses", "admin")), None)


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """A provider at which anna and cleo have accounts."""
    if part := missing_part():
        missing(part)
    with running(OidcProvider(accounts={"anna": ANNA, "cleo": CLEO})) as one:
        yield one


@pytest.fixture
def gate(tmp_path: Path, provider: OidcProvider) -> Iterator[GateUnderTest]:
    """A gate that knows the provider."""
    one = GateUnderTest(site_with(tmp_path, known_as(provider)))
    yield one
    one.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[GateUnderTest]:
    """A gate for tests that need no provider."""
    one = GateUnderTest(site_with(tmp_path))
    yield one
    one.close()


def forms(browser: Browser) -> dict[str, str]:
    return browser.hidden("/-/sign-in-accounts")


def visit(gate: GateUnderTest, *groups: str, rules: Rules = RULES, **changes: object) -> arrival.Arrival:
    """Come with these groups."""
    from dataclasses import replace

    says = replace(SAYS, groups=groups, **changes)  # type: ignore[arg-type]
    with gate.desk() as db:
        return arrival.arrive(db, Visit(gate.site, "192.0.2.7", says, rules, "/"))


def roles(gate: GateUnderTest, email: str = "anna@example.org") -> set[str]:
    with gate.desk() as db:
        found = db.scalar(select(Person).where(Person.email == email))
        assert found is not None
        return set(found.role_names)


def test_a_person_joins_an_account_and_takes_it_apart(gate: GateUnderTest, provider: OidcProvider) -> None:
    gate.person("anna@example.org")
    browser = gate.browser()
    browser.sign_in()
    page = browser.post("/-/sign-in-accounts/okta/join", forms(browser))
    done = browser.get(local(provider.visitor().sign_in(away_from(page))))
    assert done.location == "/-/sign-in-accounts"
    assert "Joined" in browser.get("/-/sign-in-accounts").text
    assert come(gate.browser(), provider).location == "/"
    with gate.desk() as db:
        number = db.scalar(select(LinkedAccount.id))
    browser.post(f"/-/sign-in-accounts/{number}/take-apart", forms(browser))
    assert "/-/sso/join/" in come(gate.browser(), provider).location


def test_only_an_account_with_the_same_address_is_joined(gate: GateUnderTest, provider: OidcProvider) -> None:
    gate.person("anna@example.org")
    browser = gate.browser()
    browser.sign_in()
    page = browser.post("/-/sign-in-accounts/okta/join", forms(browser))
    answer = browser.get(local(provider.visitor().sign_in(away_from(page), "cleo")))
    assert answer.status_code == 403
    assert "Only accounts with the same address can be joined" in answer.text


@pytest.mark.parametrize("path", ["okta/join", "okta/confirm", "1/take-apart"])
def test_no_form_of_the_page_works_for_strangers_or_from_elsewhere(gate: GateUnderTest, path: str) -> None:
    gate.person("anna@example.org")
    browser = gate.browser()
    assert browser.post(f"/-/sign-in-accounts/{path}").status_code in (400, 401)
    browser.sign_in()
    assert browser.post(f"/-/sign-in-accounts/{path}").status_code == 400
    elsewhere = browser.post(
        f"/-/sign-in-accounts/{path}", forms(browser), headers={"Origin": "https://evil.example.org"}
    )
    assert elsewhere.status_code == 403


def test_nobody_takes_apart_what_is_somebody_elses(gate: GateUnderTest, provider: OidcProvider) -> None:
    come(gate.browser(), provider)
    gate.person("eve@example.org")
    eve = gate.browser()
    eve.sign_in("eve@example.org")
    with gate.desk() as db:
        number = db.scalar(select(LinkedAccount.id))
    eve.post(f"/-/sign-in-accounts/{number}/take-apart", forms(eve))
    with gate.desk() as db:
        assert db.scalar(select(LinkedAccount.id)) == number


def test_the_only_way_in_stays(gate: GateUnderTest, provider: OidcProvider) -> None:
    browser = gate.browser()
    come(browser, provider)
    assert "your only way in" in browser.get("/-/sign-in-accounts").text
    with gate.desk() as db:
        number = db.scalar(select(LinkedAccount.id))
    browser.post(f"/-/sign-in-accounts/{number}/take-apart", forms(browser))
    with gate.desk() as db:
        assert db.scalar(select(LinkedAccount.id)) == number


def test_joining_asks_for_a_fresh_proof_and_signing_in_at_the_provider_is_one(
    gate: GateUnderTest, provider: OidcProvider
) -> None:
    browser, visitor = gate.browser(), provider.visitor()
    away = browser.get("/-/sso/okta/start").location
    browser.get(local(visitor.sign_in(away)))
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    asked = browser.post("/-/sign-in-accounts/okta/join", forms(browser))
    assert asked.location.startswith("/-/confirm?next=")
    page = browser.get(asked.location)
    assert "Sign in at Okta once more" in page.text
    sent = browser.post("/-/sign-in-accounts/okta/confirm?next=/-/sessions", browser.hidden(asked.location))
    again = away_from(sent)
    assert "prompt=login" in again
    assert "max_age=0" in again
    assert browser.get(local(visitor.sign_in(again))).location == "/-/sessions"
    with gate.desk() as db:
        assert db.scalar(select(SessionRow.proven_at)) is not None
    assert "confirmed" in gate.audit()


def test_somebody_elses_sign_in_at_the_provider_confirms_nothing(
    gate: GateUnderTest, provider: OidcProvider
) -> None:
    browser = gate.browser()
    come(browser, provider)
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    sent = browser.post("/-/sign-in-accounts/okta/confirm", forms(browser))
    answer = browser.get(local(provider.visitor().sign_in(away_from(sent), "cleo")))
    assert answer.status_code == 403
    with gate.desk() as db:
        assert db.scalar(select(SessionRow.proven_at)) is None


def test_a_role_goes_with_the_group_and_a_role_from_here_stays(alone: GateUnderTest) -> None:
    assert isinstance(visit(alone, "sales"), Welcome)
    assert roles(alone) == {"analyst"}
    visit(alone)
    assert roles(alone) == set()

    with alone.desk() as db:
        actions.set_roles(db, COMMAND_LINE, db.scalar(select(Person)), ["analyst"])
    visit(alone, "sales")
    visit(alone)
    assert roles(alone) == {"analyst"}  # it was given here before


def test_a_role_from_two_places_goes_with_the_last(alone: GateUnderTest) -> None:
    visit(alone, "sales")
    other = Statement("ldap", "LDAP", "ldap", "9", "anna@example.org", True, "Anna", ("sales",))
    with alone.desk() as db:
        linked.join(db, Actor("anna@example.org"), db.scalar(select(Person)), other, RULES)
    visit(alone)
    assert roles(alone) == {"analyst"}
    with alone.desk() as db:
        arrival.arrive(db, Visit(alone.site, "", Statement("ldap", "LDAP", "ldap", "9"), RULES, "/"))
    assert roles(alone) == set()


def test_groups_that_are_not_named_bring_nothing(alone: GateUnderTest) -> None:
    """Not even one with the name of a role."""
    visit(alone, "admin", "analyst", "Sales", "sales ")
    assert roles(alone) == set()


def test_the_last_administrator_stays_one_whatever_the_provider_says(alone: GateUnderTest) -> None:
    visit(alone, "bosses")
    visit(alone)
    assert roles(alone) == {"admin"}
    assert "role-kept" in alone.audit()
    alone.person("root@example.org", "admin")
    visit(alone)
    assert roles(alone) == set()


def test_what_a_provider_brought_goes_when_the_site_knows_it_no_more(alone: GateUnderTest) -> None:
    alone.person("root@example.org", "admin")
    visit(alone, "sales", "bosses")
    assert roles(alone) == {"analyst", "admin"}
    with alone.desk() as db:
        brought_roles.forget_absent_sources(db, alone.site)
        assert list(db.scalars(select(BroughtRole))) == []
    assert roles(alone) == set()


def test_taking_an_account_apart_takes_its_roles(alone: GateUnderTest) -> None:
    visit(alone, "sales")
    with alone.desk() as db:
        person = db.scalar(select(Person))
        person.password = "x"
        db.commit()
        linked.unlink(db, Actor("anna@example.org"), person, db.scalar(select(LinkedAccount.id)))
    assert roles(alone) == set()


def test_the_same_name_at_another_provider_is_another_person(alone: GateUnderTest) -> None:
    visit(alone)
    assert isinstance(visit(alone, issuer="https://other.example.org", email="eve@example.org"), Welcome)
    with alone.desk() as db:
        assert len(list(db.scalars(select(Person)))) == 2


def test_an_address_that_moved_on_there_takes_nobodys_account_here(alone: GateUnderTest) -> None:
    """Anna left, and a new Anna got her address: the new one is asked to sign in to the old account, and cannot."""
    visit(alone)
    assert isinstance(visit(alone, subject="8"), Join)


def test_a_new_address_there_does_not_change_the_one_here(alone: GateUnderTest) -> None:
    visit(alone)
    alone.person("boss@example.org")
    arrived = visit(alone, email="boss@example.org")
    assert isinstance(arrived, Welcome)
    assert arrived.person.email == "anna@example.org"


@pytest.mark.parametrize(
    "email", ["", "anna", "a@b@c", "anna@example.org,boss@example.org", "x" * 300 + "@example.org"]
)
def test_an_address_that_is_none_makes_no_account(alone: GateUnderTest, email: str) -> None:
    assert isinstance(visit(alone, email=email), Refusal)


def test_two_windows_at_once_make_one_account(alone: GateUnderTest) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: visit(alone, "sales"), range(8)))
    assert all(isinstance(one, Welcome) for one in outcomes)
    with alone.desk() as db:
        assert len(list(db.scalars(select(Person)))) == len(list(db.scalars(select(LinkedAccount)))) == 1


def test_a_join_link_runs_out(alone: GateUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    alone.person("anna@example.org")
    found = visit(alone)
    assert isinstance(found, Join)
    late = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert alone.browser().get(f"/-/sso/join/{found.token}").status_code == 400


def test_the_domain_rule_of_the_site_holds_for_providers_too(tmp_path: Path) -> None:
    gate = GateUnderTest(site_with(tmp_path, sign_up=SignUp.DOMAIN, sign_up_domains=("example.org",)))
    assert isinstance(visit(gate), Welcome)
    assert isinstance(visit(gate, subject="8", email="eve@example.com"), Refusal)
    gate.close()


def test_the_second_factor_is_asked_for_after_a_provider_too(tmp_path: Path, provider: OidcProvider) -> None:
    from portico.site.model import SecondFactor, SignIn

    wanted = SignIn(second_factor=SecondFactor(required=True))
    gate = GateUnderTest(site_with(tmp_path, known_as(provider), sign_in=wanted))
    browser = gate.browser()
    assert "/-/second-step" in come(browser, provider).location
    assert browser.check("sum").status_code == 401
    gate.close()


def test_where_a_session_began_is_known_after_the_second_step_too(
    gate: GateUnderTest, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the provider's word ends this session as well."""
    from factor_walks import add_app, code, second_step

    browser = gate.browser()
    come(browser, provider)
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=clock.now()))
        db.commit()
    secret, _ = add_app(browser)
    other = gate.browser()
    assert "/-/second-step" in come(other, provider).location
    assert second_step(other, code(secret, 1)).status_code == 302
    with gate.desk() as db:
        assert len(list(db.scalars(select(SessionOrigin)))) == 2


def test_the_owner_hears_by_mail_what_was_joined(tmp_path: Path) -> None:
    from kept_mails import mails, with_mailbox

    gate = GateUnderTest(with_mailbox(site_with(tmp_path)))
    gate.person("anna@example.org")
    with gate.desk() as db:
        person = db.scalar(select(Person))
        linked.join(db, Actor("anna@example.org", "192.0.2.7"), person, SAYS, RULES)
    assert any("Okta now opens your account" in letter.subject for letter in mails(gate))
    gate.close()


def test_a_password_of_here_still_works_beside(gate: GateUnderTest) -> None:
    gate.person("anna@example.org")
    assert gate.browser().sign_in(password=PASSWORD).status_code == 302
