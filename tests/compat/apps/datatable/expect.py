"""DataTable over a file that is read by a relative path."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Rows are shown, one is picked."""
    page.goto(url)
    expect(page.locator("#table")).to_contain_text("Graz")
    expect(page.locator("#picked")).to_have_text("nothing")
    page.locator("#table input[type=radio]").nth(1).click()
    expect(page.locator("#picked")).to_have_text("Linz")
