"""A plain ASGI callable."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """It sees its mount in root_path and the whole path in path, as ASGI says."""
    page.goto(url + "a/b")
    expect(page.locator("p")).to_have_text("/asgi_plain|/asgi_plain/a/b|http")
