"""Dash on Quart, with WebSocket callbacks."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Callbacks are answered, none of them by HTTP, and assets are served."""
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto(url)
    expect(page.locator("#length")).to_have_text("5 letters")
    page.locator("#word").fill("quart on quart")
    expect(page.locator("#length")).to_have_text("14 letters")
    page.wait_for_function("document.querySelector('#picture').naturalWidth > 0")
    assert posts == []
