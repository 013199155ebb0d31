"""Flask with url_for, redirect, session, flash, static files and templates."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """A form is posted, the session remembers, and Flask knows its own address."""
    page.goto(url)
    expect(page.locator("h1")).to_have_text("Hello stranger")
    expect(page.locator("h1")).to_have_css("color", "rgb(4, 5, 6)")
    page.locator("[name=name]").fill("Ada")
    page.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("Hello Ada")
    expect(page.locator(".flash")).to_have_text("saved")
    page.goto(url + "about")
    expect(page.locator("#here")).to_have_text("/about/")
    expect(page.locator("#full")).to_have_text(url + "about/")
    expect(page.locator("#root")).to_have_text("/flask_site")
