"""routes_pathname_prefix and requests_pathname_prefix of another place: kept below the app's path."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The app works, and knows where it is."""
    page.goto(url)
    expect(page.locator("#back")).to_have_text("cba")
    expect(page).to_have_url(url + "area/")
    expect(page.locator("#path")).to_have_text("/routes_prefix/area/x")
