"""A person's way through the gate's pages, in a real browser on a real site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from people import PASSWORD, make_first_account, sign_in, sign_up
from site_process import SiteProcess, short_folder

SITE = """
[site]
name = "Test Hall"
sign_up = "open"

[apps.hello]
run = "hello.py"
title = "Hello"
"""
APP = "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef index():\n    return 'hello'\n"
OTHER_PASSWORD = "short grey pillars"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site with one app that is open to everyone who is signed in."""
    with short_folder() as folder:
        Path(folder, "hello.py").write_text(APP)
        with SiteProcess(Path(folder), SITE) as running:
            yield running


@pytest.fixture
def member(site: SiteProcess, new_page: Callable[..., Page], request: pytest.FixtureRequest) -> str:
    """The address of a new account."""
    email = f"{request.node.name.replace('_', '-')[:40]}@example.org"
    sign_up(new_page(), site.url, email, "Robin")
    return email


def test_the_first_run_link_makes_the_administrator_and_works_once(site: SiteProcess, page: Page) -> None:
    link = site.first_run_link()
    make_first_account(page, link, "first@example.org", "First")
    page.get_by_role("link", name="Profile").click()
    expect(page.get_by_text("admin", exact=True)).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link is no longer good")).to_be_visible()


def test_a_newcomer_registers_signs_in_and_opens_an_app(site: SiteProcess, page: Page) -> None:
    sign_up(page, site.url, "new@example.org", "New")
    expect(page.get_by_role("status").first).to_contain_text("Sign in with the address")
    sign_in(page, f"{site.url}/hello/", "new@example.org")
    expect(page.get_by_text("hello", exact=True)).to_be_visible()
    assert page.url == f"{site.url}/hello/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(
    site: SiteProcess, member: str, page: Page
) -> None:
    words = []
    for email in (member, "nobody@example.org"):
        sign_in(page, f"{site.url}/-/sign-in", email, "not the password")
        words.append(page.get_by_role("alert").inner_text())
        expect(page.get_by_label("Mail address")).to_have_value(email)
        expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert words[0] == words[1]


def test_a_person_changes_their_name(site: SiteProcess, member: str, page: Page) -> None:
    sign_in(page, f"{site.url}/-/profile", member)
    expect(page.get_by_text(member)).to_be_visible()
    page.get_by_label("Your name").fill("Kim Ångström")
    page.get_by_role("button", name="Save the name").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_label("Your name")).to_have_value("Kim Ångström")


def test_a_changed_password_ends_other_sessions_and_is_the_one_that_counts(
    site: SiteProcess, member: str, page: Page, new_page: Callable[..., Page]
) -> None:
    other = new_page()
    sign_in(other, f"{site.url}/-/profile", member)
    sign_in(page, f"{site.url}/-/password", member)
    page.get_by_label("Present password").fill("a wrong one")
    page.get_by_label("New password").fill(OTHER_PASSWORD)
    page.get_by_label("The same password again").fill(OTHER_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("Present password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(OTHER_PASSWORD)
    page.get_by_label("The same password again").fill(OTHER_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is changed")
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(other, f"{site.url}/-/profile", member, OTHER_PASSWORD)
    expect(other.get_by_role("heading", name="Profile")).to_be_visible()


def test_a_reset_link_sets_a_password_once(site: SiteProcess, page: Page) -> None:
    done = site.portico("user", "add", "invited@example.org")
    link = next(word for word in done.stdout.split() if "/-/reset/" in word)
    page.goto(link)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your new password is set")
    page.goto(link)
    expect(page.get_by_role("heading", name="This link is no longer good")).to_be_visible()


def test_signing_out_closes_the_apps(site: SiteProcess, member: str, page: Page) -> None:
    sign_in(page, site.url, member)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You have signed out.")
    page.goto(f"{site.url}/-/profile")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_page_for_signing_out_asks_first(site: SiteProcess, member: str, page: Page) -> None:
    sign_in(page, site.url, member)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(f"{site.url}/-/sign-out")
    page.get_by_role("link", name="Stay signed in").click()
    expect(page.get_by_role("heading", name="Apps", exact=True)).to_be_visible()


def test_signing_in_needs_no_mouse(site: SiteProcess, member: str, page: Page) -> None:
    page.goto(f"{site.url}/-/sign-in")
    expect(page.get_by_label("Mail address")).to_be_focused()
    page.keyboard.type(member)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Apps", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Hello")).to_be_focused()


def test_everything_works_without_javascript(
    site: SiteProcess, member: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, f"{site.url}/hello/", member)
    assert page.url == f"{site.url}/hello/"


def test_the_register_form_tells_mistakes_while_typing(site: SiteProcess, page: Page) -> None:
    page.goto(f"{site.url}/-/sign-up")
    email = page.get_by_label("Mail address")
    email.fill("robin@example")
    email.press("Tab")
    expect(page.get_by_text("This doesn’t look like a mail address")).to_be_visible()
    email.fill("robin@example.org")
    expect(page.get_by_text("This doesn’t look like a mail address")).to_be_hidden()
    password = page.get_by_label("Password", exact=True)
    password.fill("short")
    expect(page.get_by_text("Too short: 5 more characters.")).to_be_visible()
    password.fill(PASSWORD)
    expect(page.get_by_text("Strong.")).to_be_visible()
    again = page.get_by_label("The same password again")
    again.fill("tall white column.")
    expect(page.get_by_text("The two passwords are not the same.")).to_be_visible()
    again.fill(PASSWORD)
    expect(page.get_by_text("The two passwords are not the same.")).to_be_hidden()


def test_a_password_can_be_looked_at(site: SiteProcess, page: Page) -> None:
    page.goto(f"{site.url}/-/sign-in")
    password = page.get_by_label("Password", exact=True)
    password.fill(PASSWORD)
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(password).to_have_attribute("type", "password")
