"""Dash(server=flask_app), with a route of Flask's own beside it."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The dashboard works, and its hard-coded link leads to the Flask route."""
    page.goto(url)
    expect(page.locator("#square")).to_have_text("9")
    page.get_by_role("link", name="API").click()
    expect(page).to_have_url(url + "api/total")
    expect(page.locator("body")).to_contain_text("42")
