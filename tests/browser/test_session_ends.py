"""A session that ends while a Dash page is open: the page says so, and signing in leads back to it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from example_site import example_site, join, open_dashboard
from people import PASSWORD
from site_process import SiteProcess

CHECK_CACHE = 3.0  # seconds: the default that the example site uses
# Dash reads the body of a 401 to a callback, then reads it again to report it. It has no other consequence.
DASH_READS_TWICE = "Failed to execute 'text' on 'Response': body stream already read"
PHONE = {"width": 390, "height": 760}


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """The repository's example site."""
    with example_site() as running:
        yield running


@pytest.fixture
def email(request: pytest.FixtureRequest) -> str:
    """An address of this test's own."""
    return f"{request.node.name.replace('_', '-')[:40]}@example.org"


@pytest.fixture
def dashboard(
    site: SiteProcess, email: str, browser: Browser, new_page: Callable[..., Page], complaints: list[str]
) -> Iterator[Page]:
    """A page of the dashboard with something chosen, on a phone, of somebody who has just joined."""
    page = new_page(storage_state=join(browser, site, email, "Sam Example"), viewport=PHONE)
    open_dashboard(page, site, "explore?months=7")
    expect(page.locator(".bar .count")).not_to_have_text(re.compile("^2,922 "))
    expect(page.locator(".js-plotly-plot")).to_have_count(3, timeout=30_000)
    yield page
    assert [text for text in complaints if text != DASH_READS_TWICE] == []


def use_until_told(page: Page) -> tuple[Locator, float]:
    """Go on clicking until the page says that the session has ended; returns the dialog, and after how long."""
    dialog = page.get_by_role("dialog", name="Your session has ended")
    begun = time.monotonic()
    while not dialog.is_visible():
        assert time.monotonic() - begun < 20, "the page never said that the session has ended"
        page.locator(".switch").first.dispatch_event("click")  # which reaches it below the dialog, too
        page.wait_for_timeout(250)
    return dialog, time.monotonic() - begun


def sign_in_again(page: Page, email: str) -> None:
    """What the dialog and then the form ask for."""
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_label("Mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_signing_out_in_another_tab_is_told_and_signing_in_leads_back(
    site: SiteProcess, dashboard: Page, email: str
) -> None:
    """The way back is the very view: page and selection stand in the address."""
    other = dashboard.context.new_page()
    other.goto(f"{site.url}/")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    dialog, _ = use_until_told(dashboard)
    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert dashboard.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    address = dashboard.url
    sign_in_again(dashboard, email)
    expect(dashboard).to_have_url(address)
    expect(dashboard.locator("#person")).to_contain_text("Sam Example", timeout=20_000)
    assert "months=7" in dashboard.url


def test_a_disabled_account_is_out_within_the_seconds_of_the_check(
    site: SiteProcess, dashboard: Page, email: str
) -> None:
    """The open page learns it at its next callback, no later than the front may reuse the gate's answer."""
    done = site.portico("user", "disable", email)
    assert done.returncode == 0, done.stderr
    _, seconds = use_until_told(dashboard)
    assert seconds < CHECK_CACHE + 5  # the clicks and a loaded machine take time, too
    sign_in_again(dashboard, email)
    expect(dashboard.get_by_text("This account is disabled")).to_be_visible()


def test_who_does_not_sign_in_again_keeps_what_is_on_the_page(dashboard: Page) -> None:
    """The page stays as it is; nothing is lost that was typed or drawn."""
    plots = dashboard.locator(".js-plotly-plot").count()
    dashboard.context.clear_cookies()
    dialog, _ = use_until_told(dashboard)
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_be_hidden()
    assert dashboard.locator(".js-plotly-plot").count() == plots
