"""The pages of insight in a browser: with numbers in them, on a phone, in the dark, without a mouse."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from page_walk import barriers
from people import make_first_account
from portico.gate import clock, database
from portico.gate.insight import storing
from portico.gate.insight.tally import tally
from portico.site import load
from site_process import SiteProcess, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
SITE = '[apps.sales]\nrun = "app.py"\ntitle = "Sales by region"\n[apps.idle]\nrun = "app.py"\n'
LONG = "a-rather-long-identifier-of-a-component-on-the-page-of-regional-figures.figure"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site whose app was used on each of forty days but two."""
    with short_folder() as name:
        Path(name, "app.py").write_text(APP)
        with SiteProcess(Path(name), SITE) as running:
            _use(load(running.root, running.env).database_url)
            yield running


@pytest.fixture(scope="module")
def inside(site: SiteProcess, browser_page: Page) -> BrowserContext:
    """The profile of a browser in which the administrator is signed in."""
    make_first_account(browser_page, site.first_run_link(), "admin@example.org", "Admin")
    return browser_page.context


def _use(database_url: str) -> None:
    engine, dice, today = database.open_engine(database_url), random.Random(3), clock.now().date()
    for back in set(range(40)) - {12, 13}:
        lines = [
            f"sales\t{dice.choice((200, 200, 200, 500))}\t{dice.random():.3f}\t{dice.getrandbits(64):016x}\thtml\t\t{LONG}"
            for _ in range(dice.randint(5, 30))
        ]
        with Session(engine) as db:
            storing.add(db, (today - timedelta(days=back)).isoformat(), tally(map(str.encode, lines)))
    engine.dispose()


@pytest.mark.parametrize("path", ["", "/sales", "/sales?days=365", "/idle"])
def test_a_page_of_insight_keeps_nobody_out(site: SiteProcess, inside: BrowserContext, path: str) -> None:
    """Neither axe nor a phone finds anything serious; no script and no style is refused."""
    page = inside.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{site.url}/-/admin/insight{path}")
    assert barriers(page) == []
    assert said == []
    page.close()


def test_plots_have_a_shape_and_the_keyboard_reaches_every_number(
    site: SiteProcess, inside: BrowserContext
) -> None:
    """A bar for each day with use, and tables that scroll by arrow keys."""
    page = inside.new_page()
    page.goto(f"{site.url}/-/admin/insight")
    page.get_by_role("link", name="Sales by region").click()
    people = page.get_by_role("img", name="People by day")
    expect(people.locator("rect")).to_have_count(28)
    assert all(
        box["height"] > 1 for box in (bar.bounding_box() for bar in people.locator("rect").all()) if box
    )
    page.get_by_role("link", name="7 days").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="People by day").locator("rect")).to_have_count(7)
    table = page.get_by_role("region", name="Day by day")
    table.focus()
    expect(table).to_be_focused()
    expect(table.get_by_role("row")).to_have_count(8)
    page.close()
