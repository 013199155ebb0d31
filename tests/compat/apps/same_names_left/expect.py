"""An app whose modules have the same names as those of another app."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """It gets its own."""
    page.goto(url)
    expect(page.locator("#side")).to_have_text("this is left, said by left")
