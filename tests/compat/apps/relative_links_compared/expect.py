"""Links by relative_path in an app that compares pathname with paths written out: right only at a root."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The comparison still holds."""
    page.goto(url)
    expect(page.locator("#said")).to_have_text("You are at home")
    page.get_by_role("link", name="Reports").click()
    expect(page.locator("#said")).to_have_text("These are reports")
    expect(page.locator("h1")).to_have_text("Reports")
