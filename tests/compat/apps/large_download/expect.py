"""Downloads of many megabytes, streamed and from a file object, with a name in Unicode."""

from pathlib import Path

from playwright.sync_api import Page


def visit(page: Page, url: str) -> None:
    """Every byte arrives."""
    page.goto(url)
    with page.expect_download() as streamed:
        page.get_by_role("link", name="Stream").click()
    assert Path(streamed.value.path()).stat().st_size == 40 * 1024 * 1024
    with page.expect_download() as whole:
        page.get_by_role("link", name="File").click()
    assert whole.value.suggested_filename == "prüfung.bin"
    assert Path(whole.value.path()).stat().st_size == 10 * 1024 * 1024
