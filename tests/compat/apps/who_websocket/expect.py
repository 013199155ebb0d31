"""current_user in WebSocket callbacks."""

from playwright.sync_api import Page, expect

SETTINGS = {"access": "signed-in"}


def visit(page: Page, url: str) -> None:
    """Each callback knows who asks."""
    page.goto(url)
    expect(page.locator("#answer")).to_have_text("0: ann@example.org")
    page.get_by_role("button").click()
    expect(page.locator("#answer")).to_have_text("1: ann@example.org")
