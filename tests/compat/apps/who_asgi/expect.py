"""current_user in an ASGI endpoint and in a WebSocket."""

from playwright.sync_api import Page, expect

SETTINGS = {"access": "signed-in"}


def visit(page: Page, url: str) -> None:
    """Both know who asks."""
    page.goto(url)
    expect(page.locator("#http")).to_have_text("ann@example.org")
    expect(page.locator("#socket")).to_have_text("ann@example.org")
