"""Views of a dashboard put behind the app's own door: those whose names begin with url_base_pathname."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Page and data stay behind that door."""
    page.goto(url + "board/")
    expect(page).to_have_url(url + "door")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator("#back")).to_have_text("cba")
    page.get_by_role("link", name="Out").click()
    expect(page.get_by_role("button", name="Enter")).to_be_visible()
