"""Global @callback, several outputs, State, ctx.triggered_id, no_update."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Adding and resetting work, also when there is nothing to add."""
    page.goto(url)
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#sum")).to_have_text("5")
    page.locator("#n").fill("")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#last")).to_have_text("nothing to add")
    expect(page.locator("#sum")).to_have_text("5")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#sum")).to_have_text("0")
