"""Looking at a page as different people do: on a phone and on a desk, in the light and in the dark, by axe and by eye."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = {"phone": (360, 740), "desk": (1280, 800)}
SCHEMES = ("light", "dark")


def barriers(
    page: Page, pictures: Path | None = None, name: str = "page", meant: Collection[str] = ()
) -> list[str]:
    """What keeps people out of this page, in each width and colour scheme; `pictures` gets one of each.

    Only what axe calls serious or critical counts, without the rules in `meant`, and scrolling sideways. The page is
    left on a desk.
    """
    found = []
    for width, (across, down) in WIDTHS.items():
        page.set_viewport_size({"width": across, "height": down})
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{width}: scrolls sideways")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for problem in Axe().run(page).response["violations"]:
                if problem["impact"] in {"serious", "critical"} and problem["id"] not in meant:
                    places = [node["target"] for node in problem["nodes"]]
                    found.append(f"{width}, {scheme}: {problem['id']}: {places}")
            if pictures is not None:
                page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)
    return found
