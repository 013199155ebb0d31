"""What everybody must be able to read and use: Portico's pages on small screens, in the dark, with assistive technology."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from page_walk import barriers
from people import make_first_account
from portico.serve.front.pages import render_pages
from portico.site import load
from site_process import SiteProcess, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
DOORS = "".join(
    f'[apps.door{n}]\nrun = "door.py"\ntitle = "Door number {n}"\ndescription = "Leads to room {n}."\n'
    for n in range(9)
)
TEXT = f'[site]\nname = "Test Hall"\nsign_up = "open"\n{DOORS}[apps.broken]\nrun = "broken.py"\ntitle = "Broken"\n'
STRANGERS = ("/-/sign-in", "/-/sign-in?signed-out", "/-/sign-up", "/-/forgot", "/-/reset/none", "/nowhere")
MEMBERS = ("/", "/-/profile", "/-/password", "/-/sign-out", "/-/nowhere", "/broken/")
FRONT = ("400", "401", "403", "404", "413", "429", "502", "503", "504", "starting", "crashed")
# The page that waits for an app asks again every two seconds: that is its purpose, and nothing on it can be lost.
MEANT = {"meta-refresh"}


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site with many doors, one of which is broken."""
    with short_folder() as folder:
        Path(folder, "door.py").write_text(APP)
        Path(folder, "broken.py").write_text(
            'raise RuntimeError("a line that is much longer than a phone " * 5)\n'
        )
        with SiteProcess(Path(folder), TEXT) as running:
            yield running


@pytest.fixture(scope="module")
def inside(site: SiteProcess, browser_page: Page) -> BrowserContext:
    """The profile of a browser in which the administrator is signed in."""
    make_first_account(browser_page, site.first_run_link(), "admin@example.org", "Admin")
    return browser_page.context


@pytest.fixture(scope="module")
def front_pages(site: SiteProcess) -> dict[str, str]:
    """The front's own pages, as the front would send them for an app."""
    texts = render_pages(load(site.root / "portico.toml"))
    return {
        name.removesuffix(".html"): re.sub(r'<!--# echo var="(\w+)".*?-->', r"the \1", text)
        for name, text in texts.items()
        if name.endswith(".html")
    }


@pytest.mark.parametrize("path", STRANGERS)
def test_a_page_for_strangers_keeps_nobody_out(site: SiteProcess, page: Page, path: str) -> None:
    page.goto(site.url + path)
    assert barriers(page, meant=MEANT) == []


def test_a_form_with_mistakes_keeps_nobody_out(site: SiteProcess, page: Page) -> None:
    page.goto(f"{site.url}/-/sign-up")
    page.get_by_label("Mail address").fill("robin@example")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("The same password again").fill("shorter")
    page.get_by_label("The same password again").press("Tab")
    assert page.locator(".wrong:visible").count() == 2
    assert barriers(page, meant=MEANT) == []


@pytest.mark.parametrize("path", MEMBERS)
def test_a_page_for_members_keeps_nobody_out(site: SiteProcess, inside: BrowserContext, path: str) -> None:
    page = inside.new_page()
    page.goto(site.url + path)
    assert barriers(page, meant=MEANT) == []
    page.close()


@pytest.mark.parametrize("name", FRONT)
def test_a_page_of_the_front_keeps_nobody_out(
    front_pages: dict[str, str], new_page: Callable[..., Page], name: str
) -> None:
    page = new_page()
    page.set_content(
        re.sub('<meta http-equiv="refresh"[^>]*>', "", front_pages[name])
    )  # it would go while we look
    assert barriers(page) == []
    assert page.locator("h1").inner_text()


@pytest.mark.parametrize("name", FRONT)
def test_a_page_of_the_front_needs_nothing_else(front_pages: dict[str, str], name: str) -> None:
    assert (
        re.findall(r"<script|<link(?! rel=\"icon\" href=\"data:)|url\(|@import|src=", front_pages[name]) == []
    )


def test_the_colours_are_the_same_wherever_they_are_written_down() -> None:
    """portico.css, the front's pages and the dialog in Dash apps cannot share a file; they share their values."""
    gate = files("portico.gate") / "static"
    main = colours((gate / "portico.css").read_text())
    front = colours((files("portico.serve.front") / "pages" / "_style.css.j2").read_text())
    dialog = colours((gate / "dash-session.js").read_text())
    assert front
    assert dialog
    assert front <= main
    assert dialog <= main


def colours(text: str) -> set[tuple[str, str]]:
    """The names and values of the custom properties that hold colours."""
    return set(re.findall(r"(--[a-z-]+): (#[0-9a-f]{3,6})\b", text))


def test_the_style_sheet_stays_small() -> None:
    assert len((files("portico.gate") / "static" / "portico.css").read_bytes()) < 26_000
