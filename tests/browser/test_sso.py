"""Signing in with an account elsewhere, in a real browser, at a real OpenID provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from conftest import missing
from oidc_provider import ANNA, CLIENT, SECRET, OidcProvider, missing_part, running
from page_walk import barriers
from people import make_first_account, sign_in, sign_up
from portico.gate.accounts import invitations
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE
from portico.site import load
from site_process import SiteProcess, free_port, short_folder

SITE = """
[site]
name = "Test Hall"
sign_up = "open"

[roles]
analyst = "Reads sales"

[sso.okta]
issuer = "{issuer}"
client_id = "{client}"
title = "Example login"
scopes = ["openid", "profile", "email", "groups"]
[sso.okta.roles]
sales = "analyst"

[sso.other]
issuer = "{issuer}/other"
client_id = "x"
title = "Another company with a long name"

[apps.sales]
run = "hello.py"
access = "analyst"
"""
APP = "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef index():\n    return 'hello'\n"
ACCOUNTS = {
    "anna": ANNA,
    "ben": {"email": "ben@example.org", "email_verified": True, "name": "Ben"},
    "dora": {"email": "dora@example.org", "email_verified": True, "name": "Dora"},
    "cleo": {"email": "cleo@example.org", "email_verified": False, "name": "Cleo"},
}


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site with an app for analysts, and the provider beside it."""
    if part := missing_part():
        missing(part)
    port = free_port()
    provider = OidcProvider(sites=(f"http://127.0.0.1:{port}",), accounts=ACCOUNTS)
    with running(provider), short_folder() as folder:
        Path(folder, "hello.py").write_text(APP)
        toml = SITE.replace("{issuer}", provider.issuer).replace("{client}", CLIENT)
        with SiteProcess(Path(folder), toml, port=port, env={"PORTICO_SSO_OKTA_SECRET": SECRET}) as process:
            yield process


def at_provider(page: Page, login: str) -> None:
    """Fill in the provider's own pages: who, and that the site may know it."""
    page.locator('input[name="login"]').fill(login)
    page.locator('input[name="password"]').fill("any")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()


def looks_good(page: Page, pictures: Path, name: str) -> None:
    """Nothing keeps people out, in either width or colour scheme."""
    assert barriers(page, pictures, name) == [], page.url


@pytest.mark.timeout(120)
def test_somebody_comes_in_with_the_roles_of_their_groups_and_goes_out_at_both_ends(
    site: SiteProcess, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{site.url}/sales/")
    looks_good(page, tmp_path, "chooser")
    page.get_by_role("link", name="Sign in with Example login").click()
    at_provider(page, "anna")
    expect(page.get_by_text("hello", exact=True)).to_be_visible()
    assert page.url == f"{site.url}/sales/"

    page.goto(f"{site.url}/-/sign-in-accounts")
    expect(page.get_by_text("anna@example.org. Joined")).to_be_visible()
    looks_good(page, tmp_path, "accounts")
    page.goto(f"{site.url}/-/confirm?next=/-/security")
    expect(page.get_by_role("button", name="Sign in at Example login once more")).to_be_visible()
    looks_good(page, tmp_path, "confirm")
    page.goto(f"{site.url}/-/sign-in-accounts")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/session/end"))
    page.get_by_role("button", name=re.compile("Yes")).click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.goto(f"{site.url}/sales/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.timeout(120)
def test_somebody_with_an_account_here_joins_the_two(site: SiteProcess, page: Page, tmp_path: Path) -> None:
    sign_up(page, site.url, "ben@example.org", "Ben")
    page.goto(f"{site.url}/-/sign-in")
    page.get_by_role("link", name="Sign in with Example login").click()
    at_provider(page, "ben")
    expect(page.get_by_role("heading", name="You have an account here already")).to_be_visible()
    looks_good(page, tmp_path, "join-first")
    page.get_by_role("link", name="Sign in to it").click()
    sign_in(page, page.url, "ben@example.org")
    expect(page.get_by_role("heading", name="Join the two accounts?")).to_be_visible()
    looks_good(page, tmp_path, "join")
    page.get_by_role("button", name="Join them").click()
    expect(
        page.get_by_text("From now on you can sign in with your account at Example login.")
    ).to_be_visible()
    page.goto(f"{site.url}/-/sign-in-accounts")
    page.get_by_role("button", name=re.compile("Take apart")).click()
    expect(page.get_by_text("The accounts are apart.")).to_be_visible()

    # And again from the page of the own account: the form leads to the provider by way of a page that leads on
    page.get_by_role("button", name="Join Example login").click()
    expect(
        page.get_by_text("From now on you can sign in with your account at Example login.")
    ).to_be_visible()


def test_somebody_whom_the_provider_does_not_vouch_for_is_told_what_to_do(
    site: SiteProcess, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{site.url}/-/sign-in")
    page.get_by_role("link", name="Sign in with Example login").click()
    at_provider(page, "cleo")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    expect(page.get_by_text("has not verified your mail address")).to_be_visible()
    looks_good(page, tmp_path, "refused")


def test_the_page_of_an_invitation_has_the_buttons_and_they_lead_in(
    site: SiteProcess, page: Page, tmp_path: Path
) -> None:
    with open_desk(load(site.root / "portico.toml", site.env)) as db:
        _, token = invitations.invite(db, COMMAND_LINE, "dora@example.org", roles=["analyst"])
    page.goto(f"{site.url}/-/invitation/{token}")
    looks_good(page, tmp_path, "invitation")
    page.get_by_role("link", name="Sign in with Example login").click()
    at_provider(page, "dora")
    expect(page.get_by_role("heading", name="Apps", exact=True)).to_be_visible()
    page.goto(f"{site.url}/sales/")
    expect(page.get_by_text("hello", exact=True)).to_be_visible()


def test_the_button_works_without_javascript(site: SiteProcess, new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{site.url}/sales/")
    page.get_by_role("link", name="Sign in with Example login").click()
    at_provider(page, "anna")
    expect(page.get_by_text("hello", exact=True)).to_be_visible()


def test_the_first_administrator_is_made_as_ever(site: SiteProcess, page: Page) -> None:
    make_first_account(page, site.first_run_link(), "root@example.org", "Root")
