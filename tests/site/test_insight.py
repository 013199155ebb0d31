"""Insight on a real site: what people did becomes numbers, and nothing of it is noted anywhere on the way."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets.sync.client

from site_process import SiteProcess, eventually, short_folder

PASSWORD = "tall white columns"
SITE = """
[site]
sign_up = "open"
[apps.board]
run = "board.py"
[apps.plain]
run = "plain.py"
access = "public"
[apps.live]
run = "live:app"
access = "public"
"""
BOARD = """
from dash import Dash, Input, Output, html
app = Dash(__name__)
app.layout = html.Div([html.Button(id="go"), html.Div(id="out"), html.Div(id={"type": "row", "index": "Ms Secret"})])

@app.callback(Output("out", "children"), Input("go", "n_clicks"))
def answer(clicks):
    if clicks == 13:
        raise ValueError("thirteen")
    return f"{clicks} clicks"
"""
PLAIN = """
from flask import Flask
app = Flask(__name__)

@app.get("/")
def home():
    return "hello", 200, {"X-Portico-Callback": "made-up.children", "X-Portico-Mark": "00000000000000ff"}

@app.get("/broken")
def broken():
    raise ValueError
"""
LIVE = """
async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
"""


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site with a Dash app for people who are signed in and two public ones."""
    with short_folder() as name:
        process = SiteProcess(Path(name), SITE)
        for file, text in (("board.py", BOARD), ("plain.py", PLAIN), ("live.py", LIVE)):
            (process.root / file).write_text(text)
        with process:
            process.wait_until(lambda: all(app["state"] == "running" for app in process.status()["apps"]), 60)
            yield process


@pytest.fixture(scope="module")
def used(site: SiteProcess) -> dict[str, Any]:
    """What `portico insight` says of each app after some use of them."""
    for email in ("anna@example.org", "zoe@example.org"):
        browser = _signed_in(site, email)
        headers = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
        assert browser.get("/board/?secret=of-anna", headers=headers).status_code == 200
        for clicks in (1, 2, 13):
            _click(browser, clicks)
    with httpx.Client(base_url=site.url) as stranger:
        assert stranger.get("/board/", headers={"Accept": "application/json"}).status_code == 401
        answer = stranger.get("/plain/")
        assert not [name for name in answer.headers if name.lower().startswith("x-portico-")]
        assert stranger.get("/plain/broken").status_code == 500
    with websockets.sync.client.connect(f"ws://127.0.0.1:{site.port}/live/"):
        pass
    eventually(lambda: _insight(site, "board")["whole"]["requests"] >= 8, 40, "the numbers of the board")
    eventually(lambda: _insight(site, "live")["whole"]["requests"], 30, "the numbers of the WebSocket")
    return {name: _insight(site, name) for name in ("board", "plain", "live")}


def _signed_in(site: SiteProcess, email: str) -> httpx.Client:
    added = subprocess.run(
        [sys.executable, "-m", "portico", "user", "add", email, "--password-stdin"],
        cwd=site.root,
        env=site.env,
        input=PASSWORD,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert added.returncode == 0, added.stderr
    browser = httpx.Client(base_url=site.url, timeout=20)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/-/sign-in").text)
    assert token
    form = {"csrf_token": token.group(1), "email": email, "password": PASSWORD}
    answer = browser.post("/-/sign-in", data=form, headers={"Origin": site.url})
    assert answer.status_code == 302, answer.text
    return browser


def _click(browser: httpx.Client, clicks: int) -> None:
    body = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "go", "property": "n_clicks", "value": clicks}],
        "changedPropIds": ["go.n_clicks"],
    }
    answer = browser.post("/board/_dash-update-component", json=body)
    assert answer.status_code == (500 if clicks == 13 else 200)
    assert "x-portico-callback" not in answer.headers


def _insight(site: SiteProcess, app: str) -> dict[str, Any]:
    done = site.portico("insight", app, "--days", "1", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_people_visits_requests_errors_and_callbacks_are_counted(used: dict[str, Any]) -> None:
    """Two people, a page each, three clicks each of which one fails; one who was not let in."""
    board = used["board"]["whole"]
    assert (board["people"], board["visits"], board["errors"], board["refused"]) == (2, 2, 2, 1)
    assert board["requests"] == 8
    assert board["p50"] > 0
    assert [(one["output"], one["calls"], one["errors"]) for one in used["board"]["callbacks"]] == [
        ("out.children", 6, 2)
    ]


def test_a_public_app_is_counted_without_people_and_cannot_make_any_up(used: dict[str, Any]) -> None:
    """The mark of a person comes from the gate alone."""
    plain = used["plain"]["whole"]
    assert (plain["people"], plain["requests"], plain["errors"]) == (0, 2, 1)


def test_a_websocket_is_one_request_when_it_ends(used: dict[str, Any]) -> None:
    """And not an answer that took as long as it was open."""
    assert used["live"]["whole"]["websockets"] == 1


def test_what_was_noted_on_the_way_is_gone_and_named_nobody(site: SiteProcess, used: dict[str, Any]) -> None:
    """The front's lines hold neither a path nor an address nor a person, and they do not stay."""
    folder = (site.root / ".portico" / "run").resolve() / "lines"
    assert folder.stat().st_mode & 0o777 == 0o700
    httpx.get(f"{site.url}/plain/?secret=of-anna")
    line = eventually((folder / "requests").read_bytes, 20, "a line")
    assert b"secret" not in line
    assert b"127.0.0.1" not in line
    assert line.split(b"\t")[0] == b"plain"
    eventually(
        lambda: not [file for file in folder.iterdir() if file.stat().st_size], 40, "the lines are gone"
    )


def test_numbers_outlive_a_restart_of_the_site(site: SiteProcess, used: dict[str, Any]) -> None:
    """Also those that nobody had summed up when it stopped."""
    before = _insight(site, "plain")["whole"]["requests"]
    assert httpx.get(f"{site.url}/plain/").status_code == 200
    assert site.stop() == 0
    site.start()
    eventually(lambda: _insight(site, "plain")["whole"]["requests"] == before + 1, 40, "the last request")


def test_a_site_that_does_not_count_notes_nothing(site: SiteProcess, used: dict[str, Any]) -> None:
    """Switched off by a reload, without a restart."""
    site.write(SITE + "\n[insight]\nenabled = false\n")
    done = site.portico("reload")
    assert done.returncode == 0, done.stderr
    conf = (site.root / ".portico" / "run").resolve() / "nginx" / "nginx.conf"
    assert "access_log off" in conf.read_text()
    assert "x_portico_mark" not in conf.read_text()
