"""Dash(server=False) and init_app in a Flask factory, below a base path of its own."""

from playwright.sync_api import Page, expect

SETTINGS = {"run": "app:create_app()"}


def visit(page: Page, url: str) -> None:
    """Flask's own page links to the board by an absolute path; the board works there."""
    page.goto(url)
    page.get_by_role("link", name="Board").click()
    expect(page.locator("#chosen")).to_have_text("chosen: a")
    expect(page).to_have_url(url + "board/")
    page.get_by_text("b", exact=True).click()
    expect(page.locator("#chosen")).to_have_text("chosen: b")
