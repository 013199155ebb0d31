"""A Dash app in a page of another site: it opens, its callbacks work, and another page around it gets nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE
from portico.gate.tokens import actions
from portico.site import load
from site_process import SiteProcess, short_folder

APP = """
from dash import Dash, Input, Output, callback, dcc, html
from portico import current_user

app = Dash(__name__)
app.layout = html.Div([dcc.Input(id="in", value=""), html.Output(id="out")])

@callback(Output("out", "children"), Input("in", "value"))
def greet(value):
    return f"{current_user.name or 'nobody'} wrote {value}"
"""


class Around(ThreadingHTTPServer):
    """Another site: every page of it holds a frame with `source`."""

    daemon_threads = True
    source = ""

    @property
    def url(self) -> str:
        """Its origin: another host than the site's, so that browsers take it for another site."""
        return f"http://localhost:{self.server_port}"


class _Page(BaseHTTPRequestHandler):
    server: Around

    def do_GET(self) -> None:
        body = f'<!doctype html><title>around</title><iframe src="{self.server.source}"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def _around() -> Iterator[Around]:
    server = Around(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def friend() -> Iterator[Around]:
    """The site that may show the app."""
    with _around() as server:
        yield server


@pytest.fixture(scope="module")
def stranger() -> Iterator[Around]:
    """A site that may not."""
    with _around() as server:
        yield server


@pytest.fixture(scope="module")
def site(friend: Around) -> Iterator[SiteProcess]:
    with short_folder() as folder:
        Path(folder, "app.py").write_text(APP)
        toml = (
            '[site]\n[roles]\nanalyst = ""\n[apps.sales]\nrun = "app.py"\naccess = "analyst"\n'
            f'frame_ancestors = ["{friend.url}"]\n'
        )
        with SiteProcess(Path(folder), toml) as running:
            yield running


@pytest.fixture(scope="module")
def offer(site: SiteProcess) -> Callable[[], str]:
    """What the other site's program does for each of its pages: ask for an address for the frame."""
    declared = load(site.root, site.env)
    with open_desk(declared) as db:
        day = timedelta(days=1)
        text, _ = actions.issue_service(
            db, COMMAND_LINE, declared, "portal", ["embed:sales"], day, ["analyst"]
        )

    def ask() -> str:
        headers = {"Authorization": f"Bearer {text}"}
        asked = {"app": "sales", "name": "Ada"}
        url: str = httpx.post(f"{site.url}/-/frame", headers=headers, json=asked, timeout=20).json()["url"]
        return url

    return ask


def test_the_app_works_in_the_other_sites_page(
    new_page: Callable[..., Page], friend: Around, offer: Callable[[], str]
) -> None:
    page, friend.source = new_page(), offer()
    page.goto(friend.url)
    frame = page.frame_locator("iframe")
    expect(frame.locator("#out")).to_have_text("Ada wrote ")
    frame.locator("#in").fill("hello")
    expect(frame.locator("#out")).to_have_text("Ada wrote hello")
    cookies = [cookie for cookie in page.context.cookies() if cookie["name"].startswith("portico_guest_")]
    assert [(cookie["sameSite"], cookie["secure"], cookie["httpOnly"]) for cookie in cookies] == [
        ("None", True, True)
    ]
    assert friend.url.partition(":")[0] in str(cookies[0].get("partitionKey", friend.url))


def test_outside_of_that_page_the_browser_is_nobody(
    new_page: Callable[..., Page], site: SiteProcess, friend: Around, offer: Callable[[], str]
) -> None:
    """The cookie belongs to the frame in that site's pages: opened by itself, the app asks to sign in."""
    page, friend.source = new_page(), offer()
    page.goto(friend.url)
    expect(page.frame_locator("iframe").locator("#out")).to_have_text("Ada wrote ")
    page.goto(f"{site.url}/sales/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_frames_address_works_once(
    new_page: Callable[..., Page], friend: Around, offer: Callable[[], str]
) -> None:
    friend.source = offer()
    first, second = new_page(), new_page()
    first.goto(friend.url)
    expect(first.frame_locator("iframe").locator("#out")).to_have_text("Ada wrote ")
    second.goto(friend.url)
    expect(second.frame_locator("iframe").locator("body")).to_contain_text("Reload the page around it")


def test_a_site_that_is_not_named_shows_an_empty_frame(
    new_page: Callable[..., Page], stranger: Around, offer: Callable[[], str]
) -> None:
    page, stranger.source = new_page(), offer()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(stranger.url)
    page.wait_for_timeout(2000)
    assert page.frame_locator("iframe").locator("#out").count() == 0
    assert any("frame-ancestors" in text for text in refused), refused


def test_without_a_way_in_the_frame_says_so(
    new_page: Callable[..., Page], site: SiteProcess, friend: Around
) -> None:
    """A sign-in page would stay empty in a frame: nobody may put it into one."""
    page, friend.source = new_page(), f"{site.url}/sales/"
    page.goto(friend.url)
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Please sign in")


def test_when_the_time_is_over_the_frame_says_what_to_do(
    new_page: Callable[..., Page], friend: Around, offer: Callable[[], str]
) -> None:
    """And offers no sign-in, which could not be shown in it."""
    page, friend.source = new_page(), offer()
    page.goto(friend.url)
    frame = page.frame_locator("iframe")
    expect(frame.locator("#out")).to_have_text("Ada wrote ")
    page.context.clear_cookies()
    frame.locator("#in").fill("late")
    dialog = frame.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_contain_text("Load the page around it again")
    expect(dialog.get_by_role("link")).to_have_count(0)
