"""Dash behind a sign-in of the app's own, which redirects to hard-coded absolute paths."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The redirects lead to the app's own pages, also for somebody who comes from nowhere."""
    page.goto(url)
    expect(page).to_have_url(url + "login")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator("h1")).to_have_text("Members only")
    expect(page).to_have_url(url)
