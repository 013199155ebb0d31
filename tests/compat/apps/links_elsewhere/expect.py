"""Links to another app of the site, to the gate and to other sites beside links to pages of its own."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Each leads where its author means; a page of its own wins over another app of that name."""
    page.goto(url)
    path = page.locator("#path")
    expect(path).to_have_text("index")
    expect(page.locator("#far")).to_have_attribute("href", "https://example.org/links_elsewhere/page")
    page.get_by_role("link", name="Anchor").click()
    expect(page).to_have_url(url + "#below")
    page.get_by_role("link", name="Relative").click()
    expect(path).to_have_text("/relative")
    page.get_by_role("button", name="Reload").click()
    expect(path).to_have_text("/reloaded")
    expect(page).to_have_url(url + "reloaded")
    page.get_by_role("link", name="Own page").click()
    expect(path).to_have_text("my own uploads")
    page.get_by_role("link", name="Another app").click()
    expect(page.locator("p")).to_have_text("/wsgi_plain|/from/here|")
    page.go_back()
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
