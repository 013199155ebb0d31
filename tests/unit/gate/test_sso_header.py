"""A proxy's word in a header, as the gate hears it from the front. Whose word it is: tests/site/test_trusted_header.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from gate_client import GateUnderTest, make_app, make_site
from portico.gate.models import Person
from portico.site import Access, Joins, SignUp, Sources, TrustedHeader

WHO, GROUPS = "HTTP_X_PORTICO_VOUCHED", "HTTP_X_PORTICO_VOUCHED_GROUPS"
HEADER = TrustedHeader(
    header="Remote-Email",
    peers=("10.0.0.7",),
    groups_header="Remote-Groups",
    roles=(("sales", "analyst"),),
    sign_up="open",
    sign_out="https://login.example.org/sign-out",
)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateUnderTest]:
    """A gate that believes a proxy."""
    sales = make_app("sales", Access(roles=frozenset({"analyst"})))
    site = make_site(tmp_path, sales, make_app("sum"), sources=Sources(header=HEADER), sign_up=SignUp.CLOSED)
    one = GateUnderTest(site)
    yield one
    one.close()


def test_whoever_the_proxy_names_is_in_without_a_form(gate: GateUnderTest) -> None:
    browser = gate.browser(**{WHO: "Anna@Example.org", GROUPS: "others, sales"})
    there = browser.get("/-/sign-in?/sales/")
    assert there.location == "/-/sso/proxy?next=/sales/"
    assert browser.get(there.location).location == "/sales/"
    assert browser.check("sales").status_code == 204
    with gate.desk() as db:
        assert db.scalar(select(Person.email)) == "anna@example.org"


def test_roles_go_with_the_groups(gate: GateUnderTest) -> None:
    gate.browser(**{WHO: "anna@example.org", GROUPS: "sales"}).get("/-/sso/proxy")
    browser = gate.browser(**{WHO: "anna@example.org"})
    browser.get("/-/sso/proxy")
    assert browser.check("sales").status_code == 403


@pytest.mark.parametrize(
    "said",
    ["", "anna", "anna@example.org, boss@example.org", "anna@example.org boss@example.org", "\xff\xfe"],
)
def test_a_word_that_names_nobody_or_two_signs_nobody_in(gate: GateUnderTest, said: str) -> None:
    browser = gate.browser(**{WHO: said})
    assert browser.get("/-/sign-in").status_code == 200
    assert browser.get("/-/sso/proxy").location == "/-/sign-in?form"
    assert browser.check("sum").status_code == 401


def test_an_account_that_was_there_is_joined_after_its_own_sign_in(gate: GateUnderTest) -> None:
    """Whoever has its address at the proxy, or claims it there, has not shown that the account is theirs."""
    gate.person("anna@example.org", "admin")
    browser = gate.browser(**{WHO: "anna@example.org"})
    page = browser.get("/-/sso/proxy").location
    assert page.startswith("/-/sso/join/")
    assert browser.check("sum").status_code == 401
    sign_in = re.search(r'href="(/-/sign-in[^"]+)"', browser.get(page).text)
    assert sign_in
    form = sign_in[1].replace("&amp;", "&")
    assert browser.get(form).status_code == 200  # and not the proxy's word again, in a circle
    assert browser.sign_in(path=form).location == page
    assert browser.fill(page).location == "/"
    again = gate.browser(**{WHO: "anna@example.org"})
    assert again.get("/-/sso/proxy").location == "/"
    assert again.check("sum").status_code == 204


@pytest.mark.parametrize(
    ("joins", "used", "comes_in"), [("unused", True, False), ("unused", False, True), ("all", True, True)]
)
def test_the_site_may_take_the_proxys_word_for_accounts_that_are_there(
    tmp_path: Path, joins: str, used: bool, comes_in: bool
) -> None:
    header = replace(HEADER, joins=Joins(joins))
    gate = GateUnderTest(make_site(tmp_path, make_app("sum"), sources=Sources(header=header)))
    gate.person("anna@example.org", password=used)
    browser = gate.browser(**{WHO: "anna@example.org"})
    browser.get("/-/sso/proxy")
    assert (browser.check("sum").status_code == 204) == comes_in
    gate.close()


def test_when_somebody_else_is_signed_in_at_the_proxy_the_session_is_over(gate: GateUnderTest) -> None:
    """A shared computer: anna signs out at the proxy alone, then ben signs in there."""
    browser = gate.browser(**{WHO: "anna@example.org"})
    browser.get("/-/sso/proxy")
    assert browser.check("sum").status_code == 204
    browser.environ[WHO] = "ben@example.org"
    assert browser.check("sum").status_code == 401
    assert browser.get("/-/profile").location == "/-/profile"
    browser.get("/-/sso/proxy")
    assert "ben@example.org" in browser.get("/-/profile").text


def test_no_form_of_anna_is_taken_when_ben_is_signed_in_at_the_proxy(gate: GateUnderTest) -> None:
    browser = gate.browser(**{WHO: "anna@example.org"})
    browser.get("/-/sso/proxy")
    form = browser.hidden("/-/profile")
    browser.environ[WHO] = "ben@example.org"
    assert browser.post("/-/profile", form | {"name": "X"}).status_code in (400, 401)


def test_signing_out_leads_to_the_proxys_own_end_and_not_in_again(gate: GateUnderTest) -> None:
    browser = gate.browser(**{WHO: "anna@example.org"})
    browser.get("/-/sso/proxy")
    page = browser.fill("/-/sign-out")
    assert "https://login.example.org/sign-out" in page.text
    again = browser.get("/-/sign-in?signed-out")
    assert again.status_code == 200
    assert "Go on as anna@example.org" in again.text


def test_a_gate_that_believes_no_proxy_hears_nothing(tmp_path: Path) -> None:
    gate = GateUnderTest(make_site(tmp_path, make_app("sum")))
    browser = gate.browser(**{WHO: "anna@example.org"})
    assert browser.get("/-/sign-in").status_code == 200
    assert browser.get("/-/sso/proxy").location == "/-/sign-in?form"
    gate.close()
