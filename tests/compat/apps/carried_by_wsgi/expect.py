"""Dash apps that DispatcherMiddleware carries under paths of its own."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Each works where it was put, below the site's path."""
    for name, back in (("North", "htron"), ("South", "htuos")):
        page.goto(url)
        page.get_by_role("link", name=name).click()
        expect(page.locator("#back")).to_have_text(back)
        page.wait_for_function("document.querySelector('img').naturalWidth > 0")
        expect(page).to_have_url(f"{url}{name.lower()}/")
        page.get_by_role("link", name="All").click()
        expect(page.locator("h1")).to_have_text("Boards")
