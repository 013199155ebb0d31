"""dcc.Link with get_relative_path, routed by strip_relative_path."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Links, back, and a page opened directly."""
    page.goto(url)
    expect(page.locator("#content")).to_have_text("welcome")
    page.get_by_role("link", name="First").click()
    expect(page.locator("#content")).to_have_text("the first page")
    page.get_by_role("link", name="Second").click()
    expect(page).to_have_url(url + "second")
    page.go_back()
    expect(page.locator("#content")).to_have_text("the first page")
    page.goto(url + "second")
    expect(page.locator("#content")).to_have_text("the second page")
