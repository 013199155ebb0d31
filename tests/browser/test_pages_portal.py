"""The portal: which doors it shows, and finding one among many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from people import make_first_account, sign_in, sign_up
from site_process import SiteProcess, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TITLES = ("Sales", "Stock", "Energy in Europe", "Field notes", "Model registry", "Press", "Budget", "Élan")
ADMIN = "admin@example.org"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site with eight apps for analysts and one that is public; it has an administrator."""
    text = '[site]\nname = "Test Hall"\nsign_up = "open"\n[roles]\nanalyst = "Reads the numbers"\n'
    for number, title in enumerate(TITLES):
        text += f'[apps.app{number}]\nrun = "door.py"\ntitle = "{title}"\naccess = "analyst"\n'
    text += '[apps.help]\nrun = "door.py"\ntitle = "Help"\ndescription = "How it works."\naccess = "public"\n'
    with short_folder() as folder:
        Path(folder, "door.py").write_text(APP)
        with SiteProcess(Path(folder), text) as running:
            yield running


@pytest.fixture(scope="module")
def administrator(site: SiteProcess, browser_page: Page) -> str:
    """The administrator's address."""
    make_first_account(browser_page, site.first_run_link(), ADMIN)
    return ADMIN


def test_a_stranger_sees_what_is_public_and_a_way_in(site: SiteProcess, page: Page) -> None:
    page.goto(site.url)
    expect(page.locator(".app")).to_have_count(1)
    expect(page.get_by_role("main")).to_contain_text("How it works.")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_person_sees_only_the_doors_that_open(site: SiteProcess, page: Page) -> None:
    sign_up(page, site.url, "visitor@example.org")
    sign_in(page, f"{site.url}/-/sign-in", "visitor@example.org")
    expect(page.locator(".app h2")).to_have_text(["Help"])
    expect(page.get_by_label("Find an app")).to_have_count(0)


def test_a_card_leads_to_its_app(site: SiteProcess, administrator: str, page: Page) -> None:
    sign_in(page, f"{site.url}/-/sign-in", administrator)
    page.get_by_role("link", name="Energy in Europe").click()
    page.wait_for_url(f"{site.url}/app2/")
    assert page.locator("body").inner_text() == "in"


def test_a_slash_goes_to_the_search_and_enter_opens_what_is_left(
    site: SiteProcess, administrator: str, page: Page
) -> None:
    sign_in(page, f"{site.url}/-/sign-in", administrator)
    expect(page.get_by_label("Find an app")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Find an app")).to_be_focused()
    page.keyboard.type("e")
    expect(page.get_by_role("status")).to_contain_text(f"of {len(TITLES) + 1} apps")
    page.keyboard.press("Escape")
    expect(page.locator(".app:visible")).to_have_count(len(TITLES) + 1)
    page.keyboard.type("ELAN")
    expect(page.locator(".app:visible h2")).to_have_text(["Élan"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/app7/")


def test_a_search_that_finds_nothing_says_so(site: SiteProcess, administrator: str, page: Page) -> None:
    sign_in(page, f"{site.url}/-/sign-in", administrator)
    page.get_by_label("Find an app").fill("zebra")
    expect(page.get_by_text("No app of yours has these words.")).to_be_visible()


def test_without_javascript_all_doors_are_there_and_no_dead_search(
    site: SiteProcess, administrator: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, f"{site.url}/-/sign-in", administrator)
    expect(page.locator(".app:visible")).to_have_count(len(TITLES) + 1)
    expect(page.get_by_label("Find an app")).to_be_hidden()
