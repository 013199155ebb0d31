"""dcc.Upload of several files, one of some megabytes."""

from playwright.sync_api import Page, expect


def visit(page: Page, url: str) -> None:
    """Both files arrive whole."""
    page.goto(url)
    files = [
        {"name": "small.txt", "mimeType": "text/plain", "buffer": b"hello"},
        {"name": "größer.bin", "mimeType": "application/octet-stream", "buffer": bytes(3_000_000)},
    ]
    page.locator("#file input[type=file]").set_input_files(files)
    expect(page.locator("#files")).to_contain_text("small.txt: 5 bytes")
    expect(page.locator("#files")).to_contain_text("größer.bin: 3000000 bytes")
