"""A plain WSGI callable."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """It sees its mount in SCRIPT_NAME and the rest in PATH_INFO."""
    page.goto(url + "a/b?c=d")
    expect(page.locator("p")).to_have_text("/wsgi_plain|/a/b|c=d")
