"""A callback that raises: a 500 for that callback, everything else goes on."""

from playwright.sync_api import Page, expect

ALLOWED = [(500, "/_dash-update-component")]
CONSOLE = ["Callback error updating inverse.children"]


def visit(page: Page, url: str) -> None:
    """Dividing by zero leaves the other callback alone, and the next value works again."""
    page.goto(url)
    expect(page.locator("#inverse")).to_have_text("0.5")
    page.locator("#n").fill("0")
    expect(page.locator("#echo")).to_have_text("n = 0")
    expect(page.locator("#inverse")).to_have_text("0.5")
    page.locator("#n").fill("4")
    expect(page.locator("#inverse")).to_have_text("0.25")
