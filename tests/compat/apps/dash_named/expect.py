"""Dash(__name__): layout, plot, title and a callback."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The plot is drawn, and choosing another trend changes the text."""
    page.goto(url)
    expect(page.locator("#text")).to_have_text("The trend is rising")
    expect(page.locator("#plot .main-svg").first).to_be_visible()
    expect(page).to_have_title("Named")
    page.locator("#trend").click()
    page.get_by_text("falling", exact=True).click()
    expect(page.locator("#text")).to_have_text("The trend is falling")
