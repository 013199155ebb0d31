"""A subclass of Dash with an index page of its own, routed by hand."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Its own page, and paths as it expects them."""
    page.goto(url)
    expect(page.locator("#brand")).to_have_text("Branded")
    expect(page.locator("#path")).to_have_text("/")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#path")).to_have_text("/next")
    expect(page).to_have_url(url + "next")
