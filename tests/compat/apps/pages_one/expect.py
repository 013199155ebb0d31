"""use_pages, with page modules of the same names as those of another app."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Links between pages, path variables, query strings, titles and a page opened directly."""
    page.goto(url)
    expect(page.locator("#heading")).to_have_text("Home of one")
    page.locator("#detail").click()
    expect(page.locator("#heading")).to_have_text("nothing of one")
    expect(page).to_have_url(url + "detail/nothing")
    page.goto(url + "detail/lamp?colour=red")
    expect(page.locator("#heading")).to_have_text("lamp of one")
    expect(page.locator("#colour")).to_have_text("red")
    expect(page.locator("#loud")).to_have_text("ONE")
    expect(page).to_have_title("Detail of one")
    page.locator("#home").click()
    expect(page.locator("#heading")).to_have_text("Home of one")
