"""Dash Pages on FastAPI, with a callback that compares the path with the page registry."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Pages, a page for what is missing, and the callback know the right path."""
    page.goto(url)
    expect(page.locator("h1")).to_have_text("Start page")
    expect(page.locator("#active")).to_have_text("Start")
    page.get_by_role("link", name="Stock list").click()
    expect(page.locator("h1")).to_have_text("Stock page")
    expect(page.locator("#active")).to_have_text("Stock list")
    expect(page).to_have_url(url + "stock/list")
    page.goto(url + "nothing/here")
    expect(page.locator("h1")).to_have_text("No such page")
    expect(page.locator("#active")).to_have_text("nowhere")
