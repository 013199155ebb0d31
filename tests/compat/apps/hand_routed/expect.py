"""dcc.Location and callbacks that compare paths as if the app stood at "/"."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Links of three kinds, pathname and href as outputs, back, reload, an image by absolute path."""
    page.goto(url)
    heading = page.locator("#content h1")
    expect(heading).to_have_text("Index")
    page.wait_for_function("document.querySelector('#logo').naturalWidth > 0")
    page.get_by_role("link", name="Page 1").click()
    expect(heading).to_have_text("The first page")
    expect(page).to_have_url(url + "page-1")
    page.get_by_role("button", name="Jump").click()
    expect(heading).to_have_text("The second page")
    expect(page).to_have_url(url + "page-2")
    page.go_back()
    expect(heading).to_have_text("The first page")
    page.get_by_role("link", name="Page 2").click()
    expect(heading).to_have_text("The second page")
    expect(page.locator("#link")).to_have_text("page-2|")
    page.get_by_role("link", name="Markdown").click()
    expect(heading).to_have_text("The first page")
    page.get_by_role("button", name="Leave").click()
    expect(heading).to_have_text("The second page")
    expect(page.locator("#link")).to_have_text("page-2?from=leave|?from=leave")
    page.reload()
    expect(heading).to_have_text("The second page")
    expect(page).to_have_url(url + "page-2?from=leave")
