"""A command with a WebSocket, under a path."""

import sys

from playwright.sync_api import Page, expect

SETTINGS = {"run": f"{sys.executable} serve.py {{port}}"}


def visit(page: Page, url: str) -> None:
    """The upgrade passes the front and the relay."""
    page.goto(url)
    expect(page.locator("#echo")).to_have_text("echo of command")
