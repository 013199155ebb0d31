"""A background callback with Diskcache: progress, running and cancel."""

import re

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """The bar moves while the job runs, the result comes, and a second job can be cancelled."""
    page.goto(url)
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#run")).to_be_disabled()
    expect(page.locator("#bar")).to_have_attribute("value", "8", timeout=15_000)
    expect(page.locator("#result")).to_have_text("run 1 is done", timeout=15_000)
    expect(page.locator("#run")).to_be_enabled()
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#bar")).to_have_attribute("value", re.compile("[1-5]"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#run")).to_be_enabled()
    expect(page.locator("#result")).to_have_text("run 1 is done")
