"""Dash() finds its name, and so its assets, by the module that calls it."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The picture of the assets folder is there, and typing is answered."""
    page.goto(url)
    expect(page.locator("#greeting")).to_have_text("Hello world")
    page.wait_for_function("document.querySelector('#picture').naturalWidth > 0")
    page.locator("#name").fill("portico")
    expect(page.locator("#greeting")).to_have_text("Hello portico")
