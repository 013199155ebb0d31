"""A Dash page whose session has ended says so, and leads back to itself."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from compat.conftest import CompatSite


@pytest.fixture
def open_page(compat_site: CompatSite, signed_in_context: BrowserContext) -> Page:
    """A Dash app for signed-in people, open in the browser, whose session then ended."""
    page = signed_in_context.new_page()
    page.goto(compat_site.url("who_dash") + "?week=3")
    expect(page.locator("#layout")).to_have_text("layout: ann@example.org")
    signed_in_context.clear_cookies()
    page.get_by_role("button", name="Ask").click()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_whose_session_ended_offers_to_sign_in_again(
    open_page: Page, compat_site: CompatSite, scheme: str
) -> None:
    """The dialog is accessible in light and dark, appears once, and its link comes back to this very page."""
    open_page.emulate_media(color_scheme=scheme)
    dialog = open_page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    link = dialog.get_by_role("link", name="Sign in again")
    expect(link).to_be_focused()
    expect(link).to_have_attribute("href", "/-/sign-in?/who_dash/?week=3")
    found = Axe().run(open_page, context="#portico-session-ended")
    assert found.violations_count == 0, found.generate_report()
    open_page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    open_page.get_by_role("button", name="Ask").click()
    open_page.wait_for_timeout(500)
    expect(dialog).to_be_hidden()


def test_signing_in_again_comes_back_to_the_page(open_page: Page, compat_site: CompatSite) -> None:
    """Address and query string are as before."""
    open_page.get_by_role("link", name="Sign in again").click()
    open_page.wait_for_url(re.compile("/-/sign-in"))
    compat_site.sign_in(open_page)
    expect(open_page.locator("#layout")).to_have_text("layout: ann@example.org")
    expect(open_page).to_have_url(compat_site.url("who_dash") + "?week=3")


def test_a_page_with_websocket_callbacks_learns_it_too(
    compat_site: CompatSite, signed_in_context: BrowserContext
) -> None:
    """Its connection is refused when it comes again; a worker in the browser hears of no status, so the page asks."""
    page = signed_in_context.new_page()
    page.goto(compat_site.url("who_websocket"))
    expect(page.locator("#answer")).to_have_text("0: ann@example.org")
    signed_in_context.clear_cookies()
    restarted = compat_site.process.portico("restart", "who_websocket")
    assert restarted.returncode == 0, restarted.stderr
    expect(page.get_by_role("dialog", name="Your session has ended")).to_be_visible(timeout=30_000)
