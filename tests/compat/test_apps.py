"""Every way in which an app can be written works, unchanged, on one site with all the others."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from compat.conftest import NAMES, CompatSite, Watch, expectation

expect.set_options(timeout=10_000)


@pytest.mark.parametrize("app", NAMES)
def test_an_unchanged_app_works_in_the_browser(app: str, compat_site: CompatSite, page: Page) -> None:
    """It does what its author expects, with an empty console and no failed request but the declared ones."""
    expected = expectation(app)
    if getattr(expected, "WAKE", True):
        compat_site.wake(app)
    watch = Watch(page)
    expected.visit(page, compat_site.url(app))
    assert watch.left(getattr(expected, "ALLOWED", []), getattr(expected, "CONSOLE", [])) == []
