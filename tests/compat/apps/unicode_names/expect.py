"""Umlauts in the names of the file, of data, of assets and in paths."""

from playwright.sync_api import Page, expect

SETTINGS = {"run": "übersicht.py"}


def visit(page: Page, url: str) -> None:
    """They all come through."""
    page.goto(url)
    expect(page).to_have_title("Übersicht")
    expect(page.locator("#text")).to_have_text("Grüße aus Köln")
    page.wait_for_function("document.querySelector('#bild').naturalWidth > 0")
    page.get_by_role("link", name="Zürich").click()
    expect(page.locator("#weg")).to_have_text("/st%C3%A4dte/z%C3%BCrich")
    page.reload()
    expect(page.locator("#weg")).to_have_text("/st%C3%A4dte/z%C3%BCrich")
