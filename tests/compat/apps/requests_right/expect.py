"""requests_pathname_prefix as this site has it: nothing to change."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The app works, and knows where it is."""
    page.goto(url)
    expect(page.locator("#back")).to_have_text("cba")
    expect(page).to_have_url(url + "")
    expect(page.locator("#path")).to_have_text("/requests_right/x")
