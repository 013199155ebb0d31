"""The example dashboard as a visitor meets it: behind the sign-in, with plots, a job and a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from example_site import example_site, join, open_dashboard
from people import sign_in, sign_up
from site_process import SiteProcess


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """The repository's example site."""
    with example_site() as running:
        yield running


@pytest.fixture(scope="module")
def robin(site: SiteProcess, browser: Browser) -> StorageState:
    """The cookies of somebody who has registered and signed in."""
    return join(browser, site, "robin@example.org", "Robin Example")


@pytest.fixture
def dashboard(
    site: SiteProcess, robin: StorageState, new_page: Callable[..., Page], complaints: list[str]
) -> Iterator[Page]:
    """The dashboard's first page, signed in; the console must stay free of errors."""
    page = new_page(storage_state=robin, accept_downloads=True)
    open_dashboard(page, site)
    yield page
    assert complaints == []


def count(page: Page) -> str:
    """What the dashboard says about how many days are chosen."""
    return page.locator(".bar .count").inner_text()


def click_bar(page: Page, graph: str, number: int) -> None:
    """Click on a bar of a plot, as a person with a mouse does."""
    bar = page.locator(f"#{graph} .bars .point path").nth(number)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.down()
    page.mouse.up()


def test_a_newcomer_registers_and_the_dashboard_knows_the_name(site: SiteProcess, page: Page) -> None:
    """A link into the dashboard leads through the sign-in and back; the corner shows who is asking."""
    sign_up(page, site.url, "kim@example.org", "Kim Newcomer")
    sign_in(page, f"{site.url}/dashboard/explore", "kim@example.org")
    expect(page).to_have_url(re.compile(r"/dashboard/explore"))
    expect(page.locator("#person")).to_contain_text("Kim Newcomer", timeout=30_000)
    expect(page.locator("#scatter .main-svg").first).to_be_visible()


def test_a_click_on_a_plot_filters_the_others(dashboard: Page) -> None:
    """A month chosen in one plot changes the numbers, the other plots and the address; a second look keeps it."""
    everything = count(dashboard)
    shares = dashboard.locator("#kinds-of-day .bartext")
    before = shares.all_text_contents()
    numbers = dashboard.locator("#comparisons").inner_text()
    click_bar(dashboard, "rain-by-month", 6)
    expect(dashboard.locator(".chip")).to_have_text(re.compile("Jul"))
    expect(dashboard).to_have_url(re.compile(r"months=7"))
    expect(dashboard.locator(".bar .count")).not_to_have_text(everything)
    expect(dashboard.locator("#comparisons")).not_to_have_text(numbers, use_inner_text=True)
    expect(shares).not_to_have_text(before)
    july = count(dashboard)
    dashboard.reload()
    expect(dashboard.locator(".bar .count")).to_have_text(july)
    dashboard.get_by_role("button", name="Clear").click()
    expect(dashboard.locator(".bar .count")).to_have_text(everything)


def test_a_choice_in_a_menu_draws_another_plot(dashboard: Page, site: SiteProcess) -> None:
    open_dashboard(dashboard, site, "explore")
    axis = dashboard.locator("#scatter .ytitle")
    expect(axis).to_contain_text("high")
    dashboard.locator("#up").click()
    dashboard.get_by_role("option", name="Wind").click()
    expect(axis).to_contain_text("Wind")


def test_a_job_in_the_background_shows_how_far_it_is_and_ends(dashboard: Page, site: SiteProcess) -> None:
    """The button starts it, the bar moves while the page stays usable, and the answer is a sentence."""
    open_dashboard(dashboard, site, "certainty")
    dashboard.evaluate(
        "window.seen = [];"
        "new MutationObserver(() => seen.push(document.getElementById('progress').value))"
        ".observe(document.getElementById('progress'), {attributes: true})"
    )
    dashboard.get_by_role("button", name="Compute").click()
    expect(dashboard.get_by_role("button", name="Stop")).to_be_enabled()
    expect(dashboard.locator("#state")).to_have_text(
        re.compile(r"^[\d,]+ of 1,000,000 resamples$"), timeout=20_000
    )
    expect(dashboard.locator("#state")).to_have_text("Done: 1,000,000 resamples.", timeout=45_000)
    expect(dashboard.get_by_role("button", name="Compute")).to_be_enabled()
    expect(dashboard.locator("#verdict")).to_contain_text("95 % of the resamples lie between")
    seen = dashboard.evaluate("seen")
    assert any(0 < value < 100 for value in seen), f"no progress was shown, only {seen}"


def test_the_chosen_days_come_as_a_file(dashboard: Page, site: SiteProcess, tmp_path: Path) -> None:
    """The file has a line for each day that the page counts, and no others."""
    open_dashboard(dashboard, site, "days?cities=Seattle&months=12")
    chosen = int(count(dashboard).split()[0].replace(",", ""))
    expect(dashboard.locator(".ag-row").first).to_be_visible()
    with dashboard.expect_download() as download:
        dashboard.get_by_role("button", name="Download as CSV").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert file.name == "rain-or-shine.csv"
    assert len(rows) == chosen
    assert {(row["city"], row["date"][5:7]) for row in rows} == {("Seattle", "12")}


def test_signing_out_closes_the_dashboard(
    site: SiteProcess, browser: Browser, new_page: Callable[..., Page]
) -> None:
    """Afterwards the same address leads to the sign-in, and a callback gets nothing."""
    page = new_page(storage_state=join(browser, site, "lee@example.org", "Lee"))
    open_dashboard(page, site)
    page.goto(f"{site.url}/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    site.wait_until(
        lambda: page.request.get(f"{site.url}/dashboard/_dash-layout").status == 401,
        what="the session is out",
    )
    page.goto(f"{site.url}/dashboard/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("path", ["", "explore", "days", "certainty", "about"])
def test_a_page_of_the_dashboard_fits_a_phone(
    site: SiteProcess, robin: StorageState, new_page: Callable[..., Page], complaints: list[str], path: str
) -> None:
    """At 390 pixels nothing sticks out sideways."""
    page = new_page(storage_state=robin, viewport={"width": 390, "height": 760}, has_touch=True)
    open_dashboard(page, site, path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []
