"""current_user in a layout function, in a callback and in a background callback."""

from playwright.sync_api import Page, expect

SETTINGS = {"access": "signed-in"}


def visit(page: Page, url: str) -> None:
    """All three know who asks."""
    page.goto(url)
    expect(page.locator("#layout")).to_have_text("layout: ann@example.org")
    page.get_by_role("button").click()
    expect(page.locator("#now")).to_have_text("callback: ann@example.org")
    expect(page.locator("#later")).to_have_text("background: ann@example.org", timeout=15_000)
