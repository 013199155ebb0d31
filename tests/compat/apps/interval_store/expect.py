"""A layout function, dcc.Interval, dcc.Store and set_props."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The ticks arrive in order."""
    page.goto(url)
    expect(page.locator("#shown")).to_have_text("[1, 2, 3]")
    expect(page.locator("#side")).to_have_text("tick 3")
