"""Flask-Sock: the app takes over the connection, at an address from the root."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The WebSocket opens, and ordinary requests with a body work beside it."""
    page.goto(url)
    expect(page.locator("#said")).to_have_text("hello from nobody")
    assert page.request.post(url + "upload", data=b"x" * 300_000).text() == "300000"
