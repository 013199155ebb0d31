"""The repository's own example site on a free port, for tests that look at it in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState

from people import sign_in, sign_up
from site_process import SiteProcess, short_folder

ROOT = Path(__file__).parents[1]


@contextmanager
def example_site() -> Iterator[SiteProcess]:
    """`portico serve` of the repository's portico.toml and apps: without its fixed port, with caches of its own."""
    with short_folder() as name:
        folder = Path(name)
        (folder / "apps").symlink_to(ROOT / "apps")
        lines = (ROOT / "portico.toml").read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(line for line in lines if not line.startswith("port = "))
        with SiteProcess(folder, text, env={"XDG_CACHE_HOME": str(folder / "cache")}) as site:
            yield site


def join(browser: Browser, site: SiteProcess, email: str, name: str) -> StorageState:
    """Register and sign in; returns the browser's cookies, from which other pages may start."""
    context = browser.new_context()
    page = context.new_page()
    sign_up(page, site.url, email, name)
    sign_in(page, f"{site.url}/-/sign-in", email)
    page.get_by_role("heading", name="Apps", exact=True).wait_for()
    state = context.storage_state()
    context.close()
    return state


def open_dashboard(page: Page, site: SiteProcess, path: str = "") -> None:
    """Open a page of the dashboard and wait until it has counted the days (About and Certainty hide that)."""
    page.goto(f"{site.url}/dashboard/{path}")
    page.locator(".bar .count").wait_for(state="attached", timeout=30_000)
