"""app.run() under __main__, in a file and under a name that are not called app."""

from playwright.sync_api import Page, expect

SETTINGS = {"run": "main.py"}


def visit(page: Page, url: str) -> None:
    """The Flask object is found."""
    page.goto(url)
    expect(page.locator("p")).to_have_text("guarded")
