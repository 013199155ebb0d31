"""Starlette with a lifespan and a WebSocket of its own."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Start-up has run before the first message."""
    page.goto(url)
    expect(page.locator("#log")).to_have_text("tick0 tick1 tick2 ")
