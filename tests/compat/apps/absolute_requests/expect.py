"""Every way in which a script may ask the server, by addresses from the root."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """They all reach the app, with their bodies."""
    page.goto(url)
    for text in ("url:", "request:b", "xhr:x", "tick"):
        expect(page.locator(".said", has_text=text)).to_be_visible()
