"""Clientside callbacks: inline, from assets, and one that compares the path."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """All three give what they give at the root of a server of their own."""
    page.goto(url)
    expect(page.locator("#double")).to_have_text("8")
    expect(page.locator("#triple")).to_have_text("12")
    expect(page.locator("#where")).to_have_text("at home")
    page.locator("#number").fill("7")
    expect(page.locator("#triple")).to_have_text("21")
