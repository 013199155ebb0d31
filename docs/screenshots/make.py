"""Makes the pictures of the README and the guides: `python docs/screenshots/make.py [NAME]...`.

Those of apps show the example site, those of the administration a site that tests have furnished with people. Both are
served from temporary folders on free ports.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from example_site import example_site  # noqa: E402
from furnished_site import furnished_site, signed_in  # noqa: E402
from people import make_first_account  # noqa: E402
from site_process import SiteProcess  # noqa: E402

MOST_BYTES = 300_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
]
CHARTS = ".js-plotly-plot .main-svg"


@dataclass(frozen=True)
class Picture:
    """One file: which page, how large, in which colours, and what must be there before it is taken."""

    name: str
    path: str
    wait_for: str
    width: int = 1280
    height: int = 720
    dark: bool = False
    signed_in: bool = True
    scale: float = 1.5


PICTURES = (
    Picture("sign-in", "/-/sign-in", ".house", height=700, signed_in=False),
    Picture("portal", "/", ".app", height=480),
    Picture("portal-dark", "/", ".app", height=480, dark=True),
    Picture("dashboard", "/dashboard/", CHARTS, height=860),
    Picture("dashboard-dark", "/dashboard/", CHARTS, height=860, dark=True),
    Picture("phone-portal", "/", ".app", width=390, height=760, scale=2),
    Picture("phone-dashboard", "/dashboard/", CHARTS, width=390, height=760, scale=2),
)
ADMINISTRATION = (
    Picture("administration-people", "/-/admin/people", "table", height=760),
    Picture("administration-person", "/-/admin/people/{member}", ".panel", height=900),
    Picture("administration-apps-dark", "/-/admin/apps", "table", height=480, dark=True),
    Picture("phone-administration", "/-/admin/people/{member}", ".panel", width=390, height=760, scale=2),
)


def sign_in(browser: Browser, site: SiteProcess) -> StorageState:
    """The cookies of an administrator."""
    page = browser.new_page()
    make_first_account(page, site.first_run_link(), "alex@example.org", "Alex")
    state = page.context.storage_state()
    page.context.close()
    return state


def take(browser: Browser, site: SiteProcess, state: StorageState, picture: Picture) -> Path:
    """Take one picture and give back where it lies."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=picture.scale,
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
        storage_state=state if picture.signed_in else None,
    )
    page = context.new_page()
    page.goto(site.url + picture.path)
    settle(page, picture.wait_for)
    target = HERE / f"{picture.name}.png"
    page.screenshot(path=target, animations="disabled", caret="hide")
    context.close()
    size = target.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{target.name} has {size:,} bytes; at most {MOST_BYTES:,} are meant for the README")
    return target


def settle(page: Page, wanted: str) -> None:
    """Wait until the page has what is wanted and asks for nothing more."""
    page.locator(wanted).first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement?.blur()")
    page.wait_for_timeout(500)  # Plotly draws after its data is there


def main() -> None:
    """Make all pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    wanted = set(sys.argv[1:])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if chosen := [one for one in PICTURES if not wanted or one.name in wanted]:
            with example_site() as site:
                state = sign_in(browser, site)
                tell(take(browser, site, state, picture) for picture in chosen)
        if chosen := [one for one in ADMINISTRATION if not wanted or one.name in wanted]:
            with furnished_site() as furnished:
                state = signed_in(browser, furnished)
                here = [replace(one, path=one.path.format(member=furnished.member)) for one in chosen]
                tell(take(browser, furnished.process, state, picture) for picture in here)
        browser.close()


def tell(made: Iterator[Path]) -> None:
    """Say what was made."""
    for file in made:
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
