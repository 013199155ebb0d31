"""Dash Pages of which some have paths that begin like the app's own path on the site."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """`path` and `relative_path` lead to the same page."""
    page.goto(url)
    heading = page.locator("h1")
    for name, text in (("Alike", "Named alike"), ("Below", "Below"), ("Other", "Other"), ("Start", "Start")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(heading).to_have_text(text)
        page.get_by_role("link", name="2024").click()
        expect(heading).to_have_text("2024")
        page.get_by_role("link", name=f"{name} too").click()
        expect(heading).to_have_text(text)
