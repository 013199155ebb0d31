"""A Dash app that a FastAPI app carries under a path of its own."""

from playwright.sync_api import Page, expect

SETTINGS = {"run": "main.py"}


def visit(page: Page, url: str) -> None:
    """Both work."""
    page.goto(url + "board/")
    expect(page.locator("#back")).to_have_text("cba")
    assert page.request.get(url + "status").json() == {"status": "fine"}
