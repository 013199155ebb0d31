"""dcc.Download of a data frame and of bytes."""

from pathlib import Path

from playwright.sync_api import Page


def visit(page: Page, url: str) -> None:
    """Both files have the right names and contents."""
    page.goto(url)
    with page.expect_download() as first:
        page.get_by_role("button", name="CSV").click()
    assert first.value.suggested_filename == "cities.csv"
    assert Path(first.value.path()).read_text(encoding="utf-8") == "city,n\nKöln,1\nWien,2\n"
    with page.expect_download() as second:
        page.get_by_role("button", name="Bytes").click()
    assert Path(second.value.path()).stat().st_size == 2000
