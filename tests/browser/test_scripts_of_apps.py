"""A script in an app's page, in a real Chromium: the gate is on the same origin, and yet closed to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from people import make_first_account
from site_process import SiteProcess, short_folder

TOML = """
[apps.notes]
run = "app.py"
"""
APP = """
from flask import Flask

app = Flask(__name__)
app.add_url_rule("/", view_func=lambda: "<title>Notes</title>")
"""
FETCH = """
async ([path, options]) => {
  const answer = await fetch(path, options);
  return [answer.status, (await answer.text()).includes("csrf_token")];
}
"""
WINDOW = """
async (path) => {
  const opened = window.open(path);
  await new Promise((done) => setTimeout(done, 1500));
  try { return opened.document.documentElement.innerHTML; } catch { return ""; }
}
"""
FRAME = """
async (path) => {
  const frame = document.createElement("iframe");
  frame.src = path;
  const loaded = new Promise((done) => frame.addEventListener("load", done));
  document.body.append(frame);
  await loaded;
  return frame.contentDocument ? frame.contentDocument.documentElement.innerHTML : "";
}
"""
PLANT = "() => { document.cookie = 'portico_session=' + 'A'.repeat(43) + '; path=/-/'; }"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    with short_folder() as folder:
        (Path(folder) / "app.py").write_text(APP)
        with SiteProcess(Path(folder), TOML) as running:
            yield running


def test_a_script_of_an_app_that_an_administrator_opens_reaches_nothing_of_the_gate(
    site: SiteProcess, new_page: Callable[..., Page]
) -> None:
    """It reads no page and no form's token: by no request, in no window, in no frame. What it plants goes away."""
    page = new_page()
    make_first_account(page, site.first_run_link(), "ada@example.org")
    page.goto(f"{site.url}/notes/")
    for path in ("/-/", "/-/profile", "/-/sign-in", "/-/nothing", "/-/admin/people", "/-/api/v1/people"):
        for options in ({}, {"mode": "no-cors"}, {"headers": {"Accept": "text/html"}}):
            assert page.evaluate(FETCH, [path, options]) == [403, False], (path, options)
    assert page.evaluate(FETCH, ["/-/profile", {"method": "POST", "body": "name=x"}]) == [403, False]
    assert "csrf_token" not in page.evaluate(WINDOW, "/-/profile")
    assert "csrf_token" not in page.evaluate(FRAME, "/-/profile")
    page.evaluate(PLANT)
    page.goto(f"{site.url}/-/profile")
    page.goto(f"{site.url}/-/profile")
    assert page.locator("input[name=csrf_token]").count()
    assert page.url == f"{site.url}/-/profile"
