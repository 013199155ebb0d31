"""app.run() without a guard, and prints at import."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The app is served all the same."""
    page.goto(url)
    expect(page.locator("#y")).to_have_text("y = 1")
