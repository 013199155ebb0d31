"""A link to "/" in a page of a Flask app."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """It leads to the app's first page; the portal is at "/" for everybody who does not come from an app."""
    page.goto(url)
    page.get_by_role("link", name="Inside").click()
    page.get_by_role("link", name="Home").click()
    expect(page.locator("h1")).to_have_text("Front page")
    expect(page).to_have_url(url)
    page.goto(url.rsplit("/", 2)[0] + "/")
    expect(page.get_by_text("Compatibility").first).to_be_visible()
