"""The second of two Flask apps with the same cookie name, by itself."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """It counts its visits."""
    page.goto(url)
    page.reload()
    expect(page.locator("p")).to_have_text("two: 2")
