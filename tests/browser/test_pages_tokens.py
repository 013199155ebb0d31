"""Tokens and share links on their pages: made, shown once, used, revoked, and open to everybody who reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from page_walk import barriers
from people import make_first_account
from site_process import SiteProcess, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TOML = """
[site]
name = "Test Hall"
[roles]
analyst = "Reads"
[apps.sales]
run = "app.py"
title = "Sales"
access = "analyst"
frame_ancestors = ["https://portal.example.org"]
[apps.lab]
run = "app.py"
title = "Laboratory"
"""
PAGES = (
    "/-/tokens",
    "/-/tokens/new",
    "/-/admin/tokens",
    "/-/admin/tokens/new",
    "/-/admin/shares",
    "/-/admin/shares/new",
    "/-/share/none",
)
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    with short_folder() as folder:
        Path(folder, "app.py").write_text(APP)
        with SiteProcess(Path(folder), TOML) as running:
            yield running


@pytest.fixture(scope="module")
def inside(site: SiteProcess, browser_page: Page) -> Page:
    """A page in which the administrator is signed in."""
    make_first_account(browser_page, site.first_run_link(), "admin@example.org", "Admin")
    return browser_page


def shown(page: Page, pattern: str) -> str:
    """The secret that a page shows this once."""
    found = re.search(pattern, page.locator("code.secret").inner_text())
    assert found
    return found.group()


def test_a_person_makes_a_token_and_revokes_it(site: SiteProcess, inside: Page) -> None:
    inside.goto(f"{site.url}/-/profile")
    inside.get_by_role("link", name="Tokens", exact=True).first.click()
    inside.get_by_role("link", name="Make a token").click()
    inside.get_by_label("Name").fill("nightly export")
    inside.get_by_label("Laboratory").check()
    inside.get_by_label("Lasts").select_option("7 days")
    inside.get_by_role("button", name="Make the token").click()
    header = {"Authorization": f"Bearer {shown(inside, r'ptk_[0-9A-Za-z]{49}')}"}
    assert httpx.get(f"{site.url}/lab/", headers=header, timeout=20).text == "in"
    assert httpx.get(f"{site.url}/sales/", headers=header, timeout=20).status_code == 403
    inside.get_by_role("link", name="I have it").click()
    expect(inside.get_by_role("heading", name="nightly export")).to_be_visible()
    inside.get_by_role("button", name="Revoke the token nightly export").click()
    expect(inside.get_by_text("The token “nightly export” is revoked.")).to_be_visible()
    inside.wait_for_timeout(3100)
    assert httpx.get(f"{site.url}/lab/", headers=header, timeout=20).status_code == 401


def test_a_token_without_a_purpose_is_explained(site: SiteProcess, inside: Page) -> None:
    inside.goto(f"{site.url}/-/tokens/new")
    inside.get_by_label("Name").fill("nothing")
    inside.get_by_role("button", name="Make the token").click()
    expect(inside.get_by_text("A token without a scope opens nothing")).to_be_visible()


def test_an_administrator_makes_a_token_for_a_service(site: SiteProcess, inside: Page) -> None:
    inside.goto(f"{site.url}/-/admin/tokens")
    inside.get_by_role("link", name="Make a token for a service").click()
    inside.get_by_label("Name").fill("export")
    inside.get_by_role("group", name="Apps").get_by_label("Sales").check()
    inside.get_by_role("group", name="Roles").get_by_label("analyst").check()
    inside.get_by_role("button", name="Make the token").click()
    header = {"Authorization": f"Bearer {shown(inside, r'ptk_[0-9A-Za-z]{49}')}"}
    assert httpx.get(f"{site.url}/sales/", headers=header, timeout=20).text == "in"


def test_a_share_link_is_made_opened_by_a_stranger_counted_and_revoked(
    site: SiteProcess, inside: Page
) -> None:
    inside.goto(f"{site.url}/-/admin/shares")
    inside.get_by_role("link", name="Share an app").click()
    inside.get_by_label("App", exact=True).select_option("Sales")
    inside.get_by_label("For whom").fill("auditors")
    inside.get_by_role("button", name="Make the link").click()
    link = shown(inside, r"http\S+/-/share/\S+")
    with httpx.Client(follow_redirects=True, timeout=20) as stranger:
        assert stranger.get(link).text == "in"
        inside.goto(f"{site.url}/-/admin/shares")
        row = inside.get_by_role("row", name="auditors")
        expect(row.get_by_role("cell", name="1", exact=True)).to_be_visible()
        row.get_by_role("button").click()
        expect(inside.get_by_text("whoever came by it is out")).to_be_visible()
        inside.wait_for_timeout(3100)
        assert stranger.get(f"{site.url}/sales/").status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_used_by_everybody(site: SiteProcess, inside: Page, path: str) -> None:
    inside.goto(site.url + path)
    assert barriers(inside) == []
