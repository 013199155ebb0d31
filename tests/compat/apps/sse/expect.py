"""Server-sent events arrive when they are sent, not when the response is over."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The first event is there before the second is sent."""
    page.goto(url)
    expect(page.locator("#log")).to_have_text("first@soon second@late ")
