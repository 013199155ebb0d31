"""Accounts by mail, as people see them: `portico dev` with its mailbox, a register form that checks while one types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from page_walk import barriers
from people import PASSWORD, make_first_account
from site_process import SiteProcess, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TEXT = '[site]\nname = "Test Hall"\nsign_up = "open"\n[roles]\nanalyst = ""\n[apps.door]\nrun = "door.py"\n'
STRANGERS = ("/-/sign-up", "/-/forgot", "/-/mailbox")
MEMBERS = (
    "/-/profile",
    "/-/profile/address",
    "/-/password",
    "/-/my-data",
    "/-/my-data/delete",
    "/-/admin/invitations",
    "/-/admin/invitations/new",
)


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site in development: it keeps its mails."""
    with short_folder() as folder:
        Path(folder, "door.py").write_text(APP)
        with SiteProcess(Path(folder), TEXT, verb="dev") as running:
            yield running


@pytest.fixture(scope="module")
def inside(site: SiteProcess, browser_page: Page) -> BrowserContext:
    """The profile of a browser in which the administrator is signed in."""
    make_first_account(browser_page, site.first_run_link(), "admin@example.org", "Admin")
    return browser_page.context


def link_to(page: Page, site: SiteProcess, address: str) -> str:
    """The link in the newest mail to this address."""
    page.goto(f"{site.url}/-/mailbox")
    mail = page.locator("article", has_text=f"To {address}").first
    for _ in range(20):
        if mail.count():
            break
        page.wait_for_timeout(300)
        page.reload()
    found = re.search(re.escape(site.url) + r"/-/\S+", mail.inner_text())
    assert found
    return found.group()


def test_the_form_says_while_one_types_that_a_password_has_leaked(site: SiteProcess, page: Page) -> None:
    """And tells nobody which password that is: what is asked for fits thirty others."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}/-/sign-up")
    field = page.get_by_label("Password", exact=True)
    field.press_sequentially("password123")
    expect(page.get_by_text("This one has leaked before")).to_be_visible()
    field.fill(PASSWORD)
    expect(page.get_by_text("Strong.")).to_be_visible()
    lookups = [url.removeprefix(site.url) for url in asked if "/-/leaked/" in url]
    assert lookups
    assert all(re.fullmatch(r"/-/leaked/[0-9a-f]{3}", url) for url in lookups)


def test_somebody_registers_confirms_and_gets_in(
    site: SiteProcess, inside: BrowserContext, page: Page
) -> None:
    """With the link from the mailbox and the password that was chosen."""
    page.goto(f"{site.url}/-/sign-up")
    page.get_by_label("Mail address").fill("robin@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    assert barriers(page) == []
    page.goto(link_to(page, site, "robin@example.org"))
    assert barriers(page) == []
    page.get_by_label("The password that you chose").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", name="Apps", exact=True)).to_be_visible()


def test_an_administrator_invites_and_the_invited_come_in(
    site: SiteProcess, inside: BrowserContext, page: Page
) -> None:
    """On the page, with a role; the mail's link leads to the form, and from there into the site."""
    desk = inside.new_page()
    desk.goto(f"{site.url}/-/admin/invitations/new")
    desk.get_by_label("Mail address").fill("kim@example.org")
    desk.get_by_label("analyst").check()
    desk.get_by_role("button", name="Invite").click()
    expect(desk.get_by_role("heading", name="kim@example.org is invited")).to_be_visible()
    assert barriers(desk) == []
    desk.goto(f"{site.url}/-/admin/invitations")
    expect(desk.get_by_role("row", name="kim@example.org")).to_contain_text("open")
    assert barriers(desk) == []
    desk.close()
    page.goto(link_to(page, site, "kim@example.org"))
    assert barriers(page) == []
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.goto(f"{site.url}/-/profile")
    expect(page.get_by_text("analyst")).to_be_visible()
    expect(page.get_by_text("confirmed", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", STRANGERS)
def test_a_page_for_strangers_keeps_nobody_out(site: SiteProcess, page: Page, path: str) -> None:
    page.goto(site.url + path)
    assert barriers(page) == []


@pytest.mark.parametrize("path", MEMBERS)
def test_a_page_for_members_keeps_nobody_out(site: SiteProcess, inside: BrowserContext, path: str) -> None:
    page = inside.new_page()
    page.goto(site.url + path)
    assert barriers(page) == []
    page.close()
