"""WebSocket callbacks of Dash on FastAPI."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Callbacks are answered, and none of them by HTTP."""
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto(url)
    expect(page.locator("#length")).to_have_text("6 letters")
    page.locator("#word").fill("sockets!")
    expect(page.locator("#length")).to_have_text("8 letters")
    assert posts == []
