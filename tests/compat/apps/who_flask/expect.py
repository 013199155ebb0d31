"""current_user and REMOTE_USER in a Flask view of an app for signed-in people."""

from playwright.sync_api import Page, expect

SETTINGS = {"access": "signed-in"}


def visit(page: Page, url: str) -> None:
    """The view knows who asks, and does not get the site's session cookie."""
    page.goto(url)
    expect(page.locator("p")).to_have_text("True|ann@example.org|Ann Example|admin")
    expect(page.locator("pre")).to_have_text("ann@example.org|False")
