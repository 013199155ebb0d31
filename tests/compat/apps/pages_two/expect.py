"""use_pages, linked by page["path"] instead of page["relative_path"]."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The absolute paths of the page registry lead to the pages of this app."""
    page.goto(url)
    expect(page.locator("#heading")).to_have_text("Home of two")
    page.locator("#detail").click()
    expect(page.locator("#heading")).to_have_text("nothing of two")
    expect(page.locator("#loud")).to_have_text("TWO")
    page.locator("#home").click()
    expect(page.locator("#heading")).to_have_text("Home of two")
    expect(page).to_have_url(url)
