"""Paths written out that begin like the app's own path on the site: its author had it there, behind another front."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """They mean what they mean where the app stands at the root, also after a reload."""
    page.goto(url)
    heading = page.locator("#heading")
    expect(heading).to_have_text("Start")
    for name in ("North", "South", "Home"):
        page.get_by_role("link", name=name).click()
        expect(heading).to_have_text(name)
    page.get_by_role("button", name="Jump").click()
    expect(heading).to_have_text("South")
    page.reload()
    expect(heading).to_have_text("South")
    page.go_back()
    expect(heading).to_have_text("Home")
    page.wait_for_function("['#dot', '#asset'].every((id) => document.querySelector(id).naturalWidth > 0)")
