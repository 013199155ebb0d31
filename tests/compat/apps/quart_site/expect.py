"""Quart with a template and a WebSocket, whose address url_for gives."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The WebSocket echoes."""
    page.goto(url)
    expect(page.locator("#root")).to_have_text("/quart_site/")
    expect(page.locator("#echo")).to_have_text("echo of quart")
