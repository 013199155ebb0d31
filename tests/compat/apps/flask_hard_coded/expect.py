"""Flask with hard-coded absolute paths: stylesheet, form, fetch and redirect."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """They all reach the app."""
    page.goto(url)
    expect(page.locator("h1")).to_have_css("color", "rgb(7, 8, 9)")
    expect(page.locator("#answer")).to_have_text("menu of today")
    page.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("Ordered tea")
    expect(page).to_have_url(url + "done/tea")
