"""Two Flask apps whose cookies have the same name, `session`."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Each app keeps its own session."""
    other = url.replace("_one", "_two")
    for count in (1, 2, 3):
        page.goto(url)
        expect(page.locator("p")).to_have_text(f"one: {count}")
        page.goto(other)
        expect(page.locator("p")).to_have_text(f"two: {count}")
