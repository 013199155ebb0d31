"""CSS, scripts, images and a favicon in assets, by get_asset_url, relative and hard-coded absolute paths."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Style and script apply, and every picture is there."""
    page.goto(url)
    expect(page.locator("#heading")).to_have_css("color", "rgb(1, 2, 3)")
    expect(page.locator("#from-js")).to_have_text("from a file")
    page.wait_for_function(
        "[...document.querySelectorAll('.picture')].every((image) => image.naturalWidth > 0)"
    )
    assert page.locator(".picture").count() == 4
