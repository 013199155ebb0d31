"""An app that imports a package beside it and plots with Plotly Express."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The bars are drawn."""
    page.goto(url)
    expect(page.locator("#rows")).to_have_text("3 rows")
    expect(page.locator("#bar .bars .point")).to_have_count(3)
