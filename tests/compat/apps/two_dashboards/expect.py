"""A Flask site with two dashboards at base paths of their own."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Both dashboards work below the site, reached by hard-coded links and redirects."""
    page.goto(url)
    page.get_by_role("link", name="Sales").click()
    expect(page.locator("#length")).to_have_text("sales: 5 letters")
    expect(page).to_have_url(url + "sales/")
    page.get_by_role("link", name="Back").click()
    expect(page.locator("h1")).to_have_text("Boards")
    page.get_by_role("link", name="Stock").click()
    expect(page.locator("#length")).to_have_text("stock: 5 letters")
    page.locator("#text").fill("ab")
    expect(page.locator("#length")).to_have_text("stock: 2 letters")
    page.goto(url + "where")
    expect(page.locator("body")).to_have_text("/two_dashboards/")
