"""A command that speaks HTTP on a port of the runner's choice; it knows nothing of prefixes."""

import sys

from playwright.sync_api import Page, expect

SETTINGS = {"run": f"{sys.executable} -m http.server {{port}} --bind 127.0.0.1", "host": "files.localhost"}


def visit(page: Page, url: str) -> None:
    """Its index is there, at a host name of its own."""
    page.goto(url)
    expect(page.locator("h1")).to_have_text("Served by a command")
