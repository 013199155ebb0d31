"""A Flask factory in a package, with a blueprint that has its own templates and static files."""

from playwright.sync_api import Page, expect

SETTINGS = {"run": "shop:create_app()"}
ALLOWED = [(404, "/favicon.ico")]


def visit(page: Page, url: str) -> None:
    """The blueprint's page and its script are where url_for says."""
    page.goto(url)
    page.get_by_role("link", name="Catalogue").click()
    expect(page.locator("#count")).to_have_text("2 items")
    expect(page).to_have_url(url + "catalogue/")
