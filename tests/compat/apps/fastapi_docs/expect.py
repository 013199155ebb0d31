"""FastAPI: its description names the mount, and url_for knows it."""

from playwright.sync_api import Page

ALLOWED = [(422, "/sum"), (404, "/favicon.ico")]


def visit(page: Page, url: str) -> None:
    """Calls, validation and the OpenAPI description."""
    page.goto(url + "where")
    asked = page.request
    assert asked.get(url + "where").json() == {"url": url + "where", "for": url + "where"}
    assert asked.post(url + "sum", data={"numbers": [1, 2.5]}).json() == {"sum": 3.5}
    assert asked.post(url + "sum", data={"numbers": ["x"]}).status == 422
    assert asked.get(url + "openapi.json").json()["servers"] == [{"url": "/fastapi_docs"}]
