"""What a visitor sees in place of an app: while it starts, when it has crashed, when it is not open to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from people import make_first_account, sign_in, sign_up
from site_process import SiteProcess, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TEXT = """
[site]
name = "Test Hall"
sign_up = "open"

[roles]
analyst = "Reads the numbers"

[apps.slow]
run = "slow.py"
title = "Slow & Steady"
access = "public"

[apps.broken]
run = "broken.py"
title = "Broken"

[apps.closed]
run = "door.py"
title = "Closed"
access = "analyst"
"""


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site with an app that imports as long as it is told to, one that breaks while importing and one for a role."""
    with short_folder() as folder:
        Path(folder, "door.py").write_text(APP)
        Path(folder, "slow.py").write_text(
            f"import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.1)\n{APP}"
        )
        Path(folder, "broken.py").write_text("raise RuntimeError('the data is not there')\n")
        with SiteProcess(Path(folder), TEXT) as running:
            yield running


@pytest.fixture(scope="module")
def administrator(site: SiteProcess, browser_page: Page) -> Page:
    """A page on which the administrator is signed in."""
    make_first_account(browser_page, site.first_run_link(), "admin@example.org")
    return browser_page


@pytest.fixture
def member(site: SiteProcess, new_page: Callable[..., Page], request: pytest.FixtureRequest) -> Page:
    """A page on which somebody without a role is signed in."""
    page = new_page()
    email = f"{request.node.name.replace('_', '-')[:40]}@example.org"
    sign_up(page, site.url, email)
    sign_in(page, f"{site.url}/-/profile", email)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    return page


def test_the_page_of_a_starting_app_opens_the_app_by_itself(site: SiteProcess, page: Page) -> None:
    page.goto(f"{site.url}/slow/")
    expect(page.get_by_role("heading", name="Slow & Steady is starting")).to_be_visible()
    (site.root / "go").touch()
    expect(page.get_by_text("in", exact=True)).to_be_visible(timeout=20_000)


def test_an_administrator_reads_why_an_app_crashed(site: SiteProcess, administrator: Page) -> None:
    administrator.goto(f"{site.url}/broken/")
    expect(administrator.get_by_role("heading", name="Broken has stopped")).to_be_visible()
    expect(administrator.locator("pre")).to_contain_text("RuntimeError: the data is not there")


def test_others_learn_only_that_an_app_crashed(site: SiteProcess, member: Page) -> None:
    member.goto(f"{site.url}/broken/")
    expect(member.get_by_role("heading", name="Broken has stopped")).to_be_visible()
    assert "RuntimeError" not in member.content()


def test_a_closed_app_says_so_and_leads_back(site: SiteProcess, member: Page) -> None:
    member.goto(f"{site.url}/closed/")
    expect(member.get_by_role("heading", name="Closed is not open to you")).to_be_visible()
    member.get_by_role("link", name="Back to Test Hall").click()
    expect(member.get_by_role("heading", name="Apps", exact=True)).to_be_visible()


def test_an_address_without_anything_leads_back(site: SiteProcess, member: Page) -> None:
    member.goto(f"{site.url}/nowhere")
    expect(member.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    member.get_by_role("link", name="Back to Test Hall").click()
    expect(member.get_by_role("heading", name="Apps", exact=True)).to_be_visible()
