"""Pattern-matching callbacks (MATCH, ALL) on rows that a Patch adds."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Each row has its square, the total has them all."""
    page.goto(url)
    for _ in range(3):
        page.get_by_role("button", name="Add").click()
        page.wait_for_timeout(50)
    expect(page.locator("#total")).to_have_text("6 in 3")
    expect(page.locator(".square").nth(2)).to_have_text("9")
