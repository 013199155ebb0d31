"""Dash on a FastAPI server with a route of its own."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """An async callback answers, assets are served, and so is the route and FastAPI's documentation of it."""
    page.goto(url)
    expect(page.locator("#upper")).to_have_text("FAST")
    page.wait_for_function("document.querySelector('#picture').naturalWidth > 0")
    assert page.request.get(url + "api/hello").json() == {"hello": "from FastAPI"}
    assert "/api/hello" in page.request.get(url + "openapi.json").json()["paths"]
    page.goto(url + "some/page/of/its/own")
    expect(page.locator("#upper")).to_have_text("FAST")
