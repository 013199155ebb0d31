"""An app that takes seconds to import: the browser shows a waiting page, then the app, by itself."""

from playwright.sync_api import Page, expect

WAKE = False
ALLOWED = [(503, "/slow_import/")]


def visit(page: Page, url: str) -> None:
    """Nobody has to reload."""
    page.goto(url)
    expect(page.locator("p", has_text="awake")).to_be_visible(timeout=20_000)
