"""Break-in attempts at a real site with real Dash and Flask apps behind the real gate.

Every app writes down whatever reaches it: a refusal counts only when the app has not even noticed.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from site_process import SiteProcess, short_folder

PASSWORD = "correct horse battery"
TOML = """
[site]
name = "Example"
sign_up = "open"
[roles]
analyst = "works with the panel"
[apps.panel]
run = "panel/app.py"
access = "analyst"
[apps.live]
run = "live/app.py"
access = "analyst"
[apps.notes]
run = "notes/app.py"
access = "signed-in"
[apps.open]
run = "open/app.py"
access = "public"
"""
PANEL = """
from flask import Flask, request
from dash import Dash, Input, Output, callback, dcc, html

server = Flask(__name__)

@server.before_request
def note():
    with open("reached.log", "a") as log:
        log.write(request.method + " " + request.full_path + "\\n")

@server.get("/routes")
def routes():
    return [[rule.rule, sorted(rule.methods)] for rule in server.url_map.iter_rules()]

app = Dash(__name__, server=server, enable_mcp=True)
app.layout = html.Div([dcc.Input(id="in", value="x"), html.Div("the secret layout", id="out")])

@callback(Output("out", "children"), Input("in", "value"))
def secret(value):
    return "the secret of " + value
"""
LIVE = """
from dash import Dash, Input, Output, callback, dcc, html

app = Dash(__name__, backend="fastapi", websocket_callbacks=True, enable_mcp=True)
app.layout = html.Div([dcc.Input(id="in", value="x"), html.Div("the secret layout", id="out")])

@callback(Output("out", "children"), Input("in", "value"))
def secret(value):
    return "the secret of " + value

@app.server.middleware("http")
async def note(request, call_next):
    with open("reached.log", "a") as log:
        log.write(request.method + " " + request.url.path + "\\n")
    return await call_next(request)
"""
FLASK = """
from flask import Flask, request

app = Flask(__name__)
app.secret_key = "only for this test"

@app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT", "DELETE"])
@app.route("/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
def everything(path):
    from portico import current_user
    with open("reached.log", "a") as log:
        log.write(request.method + " " + request.full_path + "\\n")
    return {
        "path": request.path,
        "root": request.script_root,
        "user": request.environ.get("REMOTE_USER"),
        "current_user": current_user.email if current_user.is_authenticated else None,
        "address": request.remote_addr,
        "host": request.host,
        "headers": list(request.headers.items()),
    }
"""


class Visitor:
    """A browser's worth of cookies on one site; follows nothing by itself."""

    def __init__(self, site: SiteProcess) -> None:
        self.client = httpx.Client(base_url=site.url, timeout=30)

    def sign_in(self, email: str) -> httpx.Response:
        """Send the sign-in form."""
        form = self.client.get("/-/sign-in").text
        match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        assert match, form
        fields = {"csrf_token": match[1], "email": email, "password": PASSWORD}
        return self.client.post("/-/sign-in", data=fields)


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    with short_folder() as folder:
        root = Path(folder)
        for name, source in (("panel", PANEL), ("live", LIVE), ("notes", FLASK), ("open", FLASK)):
            (root / name / "assets").mkdir(parents=True)
            (root / name / "assets" / "style.css").write_text("body { --secret: 1 }")
            (root / name / "app.py").write_text(source)
        with SiteProcess(root, TOML) as running:
            for email, role in (("ada@example.org", ["--role", "analyst"]), ("bob@example.org", [])):
                add_person(running, email, *role)
            yield running


def add_person(site: SiteProcess, email: str, *more: str) -> None:
    """An account with the password of this file."""
    subprocess.run(
        [sys.executable, "-m", "portico", "user", "add", email, "--password-stdin", *more],
        cwd=site.root,
        env=site.env,
        input=PASSWORD + "\n",
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )


@contextlib.contextmanager
def signed_in(site: SiteProcess, email: str) -> Iterator[httpx.Client]:
    """A client with that person's session."""
    visitor = Visitor(site)
    with visitor.client as client:
        assert visitor.sign_in(email).status_code == 302
        yield client


@dataclass(frozen=True)
class People:
    """ada has the role that panel and live ask for, bob is signed in without it, the stranger has no account."""

    ada: httpx.Client
    bob: httpx.Client
    stranger: httpx.Client


@pytest.fixture(scope="module")
def people(site: SiteProcess) -> Iterator[People]:
    """Each with a browser of their own."""
    with (
        signed_in(site, "ada@example.org") as ada,
        signed_in(site, "bob@example.org") as bob,
        httpx.Client(base_url=site.url, timeout=30) as stranger,
    ):
        yield People(ada, bob, stranger)


def reached(site: SiteProcess, app: str) -> list[str]:
    """What has reached the app so far."""
    log = site.root / app / "reached.log"
    return log.read_text().splitlines() if log.exists() else []


CALLBACK = {
    "output": "out.children",
    "outputs": {"id": "out", "property": "children"},
    "inputs": [{"id": "in", "property": "value", "value": "x"}],
    "changedPropIds": ["in.value"],
}
MCP = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
DASH_DOORS = [
    ("GET", "", None),
    ("GET", "any/page", None),
    ("GET", "_dash-layout", None),
    ("GET", "_dash-dependencies", None),
    ("POST", "_dash-update-component", CALLBACK),
    ("GET", "_dash-component-suites/dash/deps/react@18.v4_4_1m0.3.1.min.js", None),
    ("GET", "assets/style.css", None),
    ("GET", "_favicon.ico", None),
    ("POST", "_mcp", MCP),
    ("GET", "_mcp", None),
    ("GET", "_reload-hash", None),
]


@pytest.mark.parametrize("app", ["panel", "live"])
@pytest.mark.parametrize("door", DASH_DOORS, ids=lambda door: f"{door[0]} {door[1]}"[:40])
def test_no_door_of_a_dash_app_opens_for_strangers_or_the_wrong_role(
    site: SiteProcess, people: People, app: str, door: tuple[str, str, object]
) -> None:
    before = reached(site, app)
    method, path, body = door
    address = f"/{app}/{path}"
    for client, status in ((people.stranger, 401), (people.bob, 403)):
        answer = client.request(method, address, json=body)
        assert answer.status_code == status
        assert "secret" not in answer.text
    assert reached(site, app) == before
    assert people.ada.request(method, address, json=body).status_code not in (401, 403)


def test_every_route_that_the_app_has_is_closed(site: SiteProcess, people: People) -> None:
    routes = people.ada.get("/panel/routes").json()
    assert len(routes) >= 10
    before = reached(site, "panel")
    for rule, methods in routes:
        address = "/panel" + re.sub(r"<[^>]+>", "x", rule)
        for method in methods:
            for client, status in ((people.stranger, 401), (people.bob, 403)):
                answer = client.request(method, address, json=CALLBACK if method == "POST" else None)
                assert answer.status_code == status or (address == "/panel/" and answer.status_code == status)
    assert reached(site, "panel") == before


@pytest.mark.parametrize("app", ["panel", "live"])
def test_the_right_person_gets_the_callbacks_answer(people: People, app: str) -> None:
    answer = people.ada.post(f"/{app}/_dash-update-component", json=CALLBACK)
    assert answer.status_code == 200
    assert answer.json()["response"]["out"]["children"] == "the secret of x"


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "ada@example.org"},
        {"pathname": "/open/"},
        {"inputs": [{"id": "_pages_location", "property": "pathname", "value": "/open/"}]},
        {"output": "..out.children.."},
    ],
)
def test_nothing_in_a_callbacks_body_decides(
    site: SiteProcess, people: People, changes: dict[str, object]
) -> None:
    before = reached(site, "panel")
    assert people.stranger.post("/panel/_dash-update-component", json=CALLBACK | changes).status_code == 401
    assert people.bob.post("/panel/_dash-update-component", json=CALLBACK | changes).status_code == 403
    assert reached(site, "panel") == before


def test_a_websocket_opens_only_for_the_right_person(site: SiteProcess, people: People) -> None:
    address = site.url.replace("http://", "ws://") + "/live/_dash-ws-callback"
    for client, status in ((people.stranger, 401), (people.bob, 403)):
        with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=cookies(client)):
            pass
        assert refused.value.response.status_code == status
    with connect(address, additional_headers=cookies(people.ada), origin=site.url):  # type: ignore[arg-type]
        pass


def cookies(client: httpx.Client) -> dict[str, str]:
    """The client's cookies as a header."""
    return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)}


@pytest.mark.parametrize(
    "trick",
    [
        "/open/../panel/", "/open/%2e%2e/panel/", "/open/..%2fpanel/", "/open/..;/panel/", "//panel/", "/./panel/",
        "/open/.%2e/panel/", "/open//../panel/", "/open/%2e%2e%2fpanel%2f", "/PANEL/", "/panel;x/", "/panel%2f",
        "/open/..%5cpanel/", "/open\\..\\panel/", "/%70anel/", "/open/x/../../panel/_dash-layout", "/panel%00/",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_leads_into_a_closed_app(
    site: SiteProcess, people: People, trick: str
) -> None:
    before = reached(site, "panel")
    status, body = raw(site, trick, cookies(people.bob)["Cookie"])
    assert status in (400, 403, 404)
    assert b"secret" not in body
    assert reached(site, "panel") == before
    for line in reached(site, "open"):
        assert line.split(" ")[1].startswith("/")
        assert "panel/_dash" not in line


def raw(site: SiteProcess, target: str, cookie: str) -> tuple[int, bytes]:
    """Status and answer of a GET whose target is sent as it is."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        head = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
        connection.sendall(head.encode("latin-1"))
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(data.split(b" ")[1]), data


FORGED = {
    "X-Portico-Identity": "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFkYUBleGFtcGxlLm9yZyJ9.",
    "Remote-User": "ada@example.org",
    "X-Remote-User": "ada@example.org",
    "X-Forwarded-User": "ada@example.org",
    "X-Auth-Request-Email": "ada@example.org",
    "X-Forwarded-For": "10.1.2.3",
    "X-Real-IP": "10.1.2.3",
    "Forwarded": "for=10.1.2.3",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URI": "/open/",
}


def test_forged_headers_make_nobody_of_somebody_or_somebody_of_nobody(
    site: SiteProcess, people: People
) -> None:
    assert people.stranger.get("/panel/", headers=FORGED).status_code == 401
    assert people.bob.get("/panel/", headers=FORGED).status_code == 403
    told = people.bob.get("/notes/x", headers=FORGED).json()
    assert (told["user"], told["current_user"]) == ("bob@example.org", "bob@example.org")
    for client in (people.stranger, people.bob):
        told = client.get("/open/x", headers=FORGED).json()
        assert (told["user"], told["current_user"]) == (None, None)
        assert told["address"] == "127.0.0.1"
        assert told["host"] == site.url.removeprefix("http://")
        assert (told["root"], told["path"]) == ("/open", "/x")
        assert not any("10.1.2.3" in value or "evil" in value for _, value in told["headers"])


def test_no_app_sees_the_session(people: People) -> None:
    session = people.bob.cookies["portico_session"]
    for address in ("/notes/", "/open/"):
        assert session not in json.dumps(people.bob.get(address).json())


def test_a_session_that_was_signed_out_is_out_everywhere(site: SiteProcess) -> None:
    with signed_in(site, "ada@example.org") as client:
        old = cookies(client)
        assert client.get("/panel/").status_code == 200
        form = client.get("/-/sign-out").text
        match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        assert match, form
        assert client.post("/-/sign-out", data={"csrf_token": match[1]}).status_code == 302
        time.sleep(3.2)  # the front may reuse the gate's answer for 3 s
        assert httpx.get(f"{site.url}/panel/", headers=old).status_code == 401


def test_signing_in_changes_the_session_so_that_a_planted_one_is_worth_nothing(site: SiteProcess) -> None:
    visitor = Visitor(site)
    visitor.client.get("/-/sign-in")
    planted = cookies(visitor.client)
    assert visitor.sign_in("ada@example.org").status_code == 302
    assert cookies(visitor.client) != planted
    assert httpx.get(f"{site.url}/panel/", headers=planted).status_code == 401
    chosen = {"Cookie": "portico_session=" + "A" * 43}
    assert httpx.get(f"{site.url}/panel/", headers=chosen).status_code == 401
    visitor.client.close()


@pytest.mark.parametrize(
    "target",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "/%09/evil.example", "http:evil.example",
     "javascript:alert(1)", "/-/sign-in?//evil.example", "https://127.0.0.1@evil.example/"],
)  # fmt: skip
def test_signing_in_leads_to_this_site_and_nowhere_else(site: SiteProcess, target: str) -> None:
    visitor = Visitor(site)
    address = f"/-/sign-in?{target}"
    match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.client.get(address).text)
    assert match
    fields = {"csrf_token": match[1], "email": "bob@example.org", "password": PASSWORD}
    answer = visitor.client.post(address, data=fields)
    place = httpx.URL(answer.headers.get("Location", "/"))
    assert place.host in ("", httpx.URL(site.url).host)
    assert not answer.headers.get("Location", "/").startswith(("//", "/\\", "javascript:"))
    visitor.client.close()


def test_a_form_from_elsewhere_changes_nothing(site: SiteProcess, people: People) -> None:
    for address in ("/-/sign-out", "/-/profile", "/-/password"):
        answer = people.bob.post(address, data={"name": "Mallory"}, headers={"Origin": "http://evil.example"})
        assert answer.status_code in (400, 403)
    assert people.bob.get("/notes/").status_code == 200
