"""Break-in attempts with what is no session: API tokens, share links, frames, ended guests, paths. Real front, gate and
apps; every app writes down whatever reaches it, so that a refusal counts only when the app has not even noticed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from portico.gate.accounts import actions as accounts
from portico.gate.accounts.desk import open_desk
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.guests import actions as guests
from portico.gate.guests import places
from portico.gate.tokens import actions as tokens
from portico.site import Site, load
from site_process import SiteProcess, short_folder

ANN = "ann@example.org"
PASSWORD = "correct horse battery"
AROUND = "http://127.0.0.1:9"
TOML = f"""
[site]
name = "Example"
check_cache = "1s"
[roles]
analyst = "reads"
manager = "decides"
[tokens]
rate = 60000
[apps.panel]
run = "panel/app.py"
access = "analyst"
frame_ancestors = ["{AROUND}"]
[apps.panel.paths]
"/admin" = "manager"
[apps.notes]
run = "notes/app.py"
access = "analyst"
[apps.notes.paths]
"/admin" = "manager"
"/hook" = "public"
[apps.news]
run = "news/app.py"
access = "public-with-identity"
"""
PANEL = """
from flask import Flask, request
from dash import Dash, Input, Output, callback, dcc, html

server = Flask(__name__)

@server.before_request
def note():
    with open("reached.log", "a") as log:
        log.write(request.method + " " + request.full_path + "\\n")

@server.get("/panel/admin")  # with its place on the site written into it
def admin():
    return "the secret of managers"

@server.get("/assets/me.txt")
def me():
    from portico import current_user
    return current_user.email

app = Dash(__name__, server=server)
app.layout = html.Div([dcc.Input(id="in", value="x"), html.Div("the secret layout", id="out")])

@callback(Output("out", "children"), Input("in", "value"))
def secret(value):
    return "the secret of " + value
"""
NOTES = """
import json

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    from portico import current_user
    with open("reached.log", "a") as log:
        log.write(scope["type"] + " " + scope["path"] + "\\n")
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": current_user.email or current_user.name or "nobody"})
        await send({"type": "websocket.close"})
        return
    headers = [[name.decode(), value.decode()] for name, value in scope["headers"]]
    who = {"email": current_user.email, "name": current_user.name, "id": current_user.id}
    body = json.dumps(who | {"path": scope["path"], "headers": headers}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
"""


@dataclass
class Door:
    """The site and the short ways of its operator."""

    process: SiteProcess
    site: Site

    @property
    def url(self) -> str:
        return self.process.url

    def say(self, *args: str) -> dict[str, Any]:
        """A `portico` command with --json."""
        done = self.process.portico(*args, "--json")
        assert done.returncode in (0, 1), done.stderr
        assert not done.stderr, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def token(self, *scopes: str, of: str = "", roles: Sequence[str] = ()) -> dict[str, str]:
        """The header with a new token: of a person, or of a service with these roles."""
        day = timedelta(days=1)
        with open_desk(self.site) as db:
            if of:
                person = find_person(db, of)
                made = tokens.issue_personal(db, COMMAND_LINE, self.site, person, "job", scopes, day)
            else:
                made = tokens.issue_service(db, COMMAND_LINE, self.site, "job", scopes, day, roles)
        return {"Authorization": f"Bearer {made[0]}"}

    def share(self, app: str, path: str = "/") -> str:
        """A new share link."""
        with open_desk(self.site) as db:
            shared = self.site.app(app)
            token, _ = guests.share(db, COMMAND_LINE, shared, path, timedelta(days=1))
        return places.share_link(self.site, shared, token)

    def ask(self, path: str, **more: Any) -> httpx.Response:
        """One request of a program."""
        return httpx.get(self.url + path, timeout=20, **more)

    def reached(self, app: str) -> str:
        """Everything that has come to an app since the last look."""
        file = self.process.root / app / "reached.log"
        seen = file.read_text() if file.exists() else ""
        file.unlink(missing_ok=True)
        return seen


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with short_folder() as folder:
        root = Path(folder)
        for name, code in {"panel": PANEL, "notes": NOTES, "news": NOTES}.items():
            (root / name).mkdir()
            (root / name / "app.py").write_text(code)
        with SiteProcess(root, TOML) as process:
            site = load(root, process.env)
            with open_desk(site) as db:
                for name, roles in {"ann": ["analyst"], "bob": [], "max": ["analyst", "manager"]}.items():
                    accounts.create_person(db, COMMAND_LINE, f"{name}@example.org", roles=roles)
            yield Door(process, site)


@pytest.fixture(autouse=True)
def unnoticed(door: Door) -> None:
    """Each test begins with apps that nobody has reached."""
    for app in ("panel", "notes", "news"):
        door.reached(app)


def guest(link: str) -> httpx.Client:
    """A browser that has opened a link."""
    answer = httpx.get(link, timeout=20)
    assert answer.status_code == 302, answer.text
    return httpx.Client(timeout=20, cookies=answer.cookies)


def test_a_token_opens_its_app_in_its_persons_name_and_stays_out_of_the_app(door: Door) -> None:
    header = door.token("app:notes", of=ANN)
    answer = door.ask("/notes/x", headers=header)
    assert answer.json()["email"] == "ann@example.org"
    assert "ptk_" not in answer.text
    assert "authorization" not in {name.lower() for name, _ in answer.json()["headers"]}


def test_a_service_is_named_and_is_no_person(door: Door) -> None:
    answer = door.ask("/notes/", headers=door.token("apps", roles=["analyst"])).json()
    assert (answer["email"], answer["name"]) == ("", "job")
    assert answer["id"]


@pytest.mark.parametrize(
    ("scope", "of", "path"),
    [
        ("app:panel", ANN, "/notes/"),
        ("app:notes", ANN, "/panel/_dash-layout"),
        ("api", ANN, "/notes/"),
        ("embed:panel", ANN, "/panel/"),
        ("apps", ANN, "/notes/admin"),
        ("apps", "bob@example.org", "/notes/"),
        ("apps", "", "/notes/"),
    ],
)
def test_a_token_of_something_else_reaches_no_app(door: Door, scope: str, of: str, path: str) -> None:
    answer = door.ask(path, headers=door.token(scope, of=of))
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert door.reached("notes") + door.reached("panel") == ""


@pytest.mark.parametrize(
    "header",
    [
        "Bearer ptk_" + "a" * 49,
        "Bearer ptk_",
        "Bearer ptk_' OR 1=1 --",
        "Token ptk_" + "a" * 49,
        "Basic cHRrX2FhYTo=",
        "Bearer",
    ],
)
def test_no_invented_token_reaches_an_app(door: Door, header: str) -> None:
    answer = door.ask("/notes/", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "sign-in-required")
    assert door.reached("notes") == ""


def test_a_token_in_the_address_or_a_cookie_is_worth_nothing(door: Door) -> None:
    text = door.token("apps", of=ANN)["Authorization"].split()[1]
    assert door.ask(f"/notes/?token={text}&access_token={text}").status_code == 401
    for name in ("portico_session", "portico_guest_notes", "Authorization"):
        assert door.ask("/notes/", headers={"Cookie": f"{name}={text}"}).status_code == 401
    assert door.reached("notes") == ""


def test_a_revoked_token_is_out_within_the_caches_seconds(door: Door) -> None:
    header = door.token("apps", of=ANN)
    assert door.ask("/notes/", headers=header).status_code == 200
    door.say("token", "revoke", header["Authorization"].split()[1])
    time.sleep(1.2)
    door.reached("notes")
    assert door.ask("/notes/", headers=header).status_code == 401
    assert door.reached("notes") == ""


def test_an_answer_for_one_token_is_not_anothers(door: Door) -> None:
    """While answers are kept: the token is part of what they are kept under."""
    good = door.token("app:notes", of=ANN)
    other = door.token("app:panel", of=ANN)
    for _ in range(3):
        assert door.ask("/notes/", headers=good).status_code == 200
        assert door.ask("/notes/", headers=other).status_code == 403
        assert door.ask("/notes/").status_code == 401


def test_a_share_link_opens_its_app_and_nothing_else(door: Door) -> None:
    with guest(door.share("notes")) as browser:
        seen = browser.get(f"{door.url}/notes/report").json()
        assert (seen["email"], seen["name"], seen["id"]) == ("", "", "")
        assert "portico_guest" not in str(seen["headers"])
        door.reached("notes")
        for path in (
            "/panel/",
            "/panel/_dash-layout",
            "/notes/admin",
            "/notes/%61dmin",
            "/-/profile",
            "/-/admin/people",
        ):
            assert browser.get(door.url + path).status_code in (302, 401, 403), path
        for path in ("/notes//admin", "/notes/Admin", "/notes/x/..%2fadmin", "/notes/admin;x"):
            assert browser.get(door.url + path).status_code in (400, 401, 403, 404), path
        assert door.reached("panel") + door.reached("notes") == ""


def test_a_share_link_of_one_app_opens_no_other_by_its_cookie(door: Door) -> None:
    with guest(door.share("notes")) as browser:
        value = next(iter(browser.cookies.jar)).value
    for cookie in ("portico_guest_panel", "portico_session", "__Secure-portico_guest_panel"):
        answer = door.ask(
            "/panel/_dash-layout", headers={"Cookie": f"{cookie}={value}; portico_guest_notes={value}"}
        )
        assert answer.status_code == 401
    twice = f"portico_guest_notes={value}; portico_guest_notes={'x' * 43}"
    assert door.ask("/notes/", headers={"Cookie": twice}).status_code == 401
    assert door.reached("panel") + door.reached("notes") == ""


def test_a_share_link_into_a_guarded_path_opens_that_path(door: Door) -> None:
    with guest(door.share("notes", "/admin/board")) as browser:
        assert browser.get(f"{door.url}/notes/admin/other").status_code == 200


def test_a_revoked_share_link_puts_its_guests_out(door: Door) -> None:
    made = door.say("share", "new", "notes")
    with guest(made["link"]) as browser:
        assert browser.get(f"{door.url}/notes/").status_code == 200
        door.say("share", "revoke", str(made["id"]))
        time.sleep(1.2)
        door.reached("notes")
        assert browser.get(f"{door.url}/notes/").status_code == 401
    assert httpx.get(made["link"]).status_code == 404
    assert door.reached("notes") == ""


def offer(door: Door, header: dict[str, str], **asked: Any) -> httpx.Response:
    return httpx.post(f"{door.url}/-/frame", headers=header, json={"app": "panel"} | asked, timeout=20)


def test_a_frame_opens_once_and_reaches_its_apps_callbacks(door: Door) -> None:
    header = door.token("embed:panel", roles=["analyst"])
    made = offer(door, header)
    assert made.status_code == 201
    answer = httpx.get(made.json()["url"], headers={"Sec-Fetch-Dest": "iframe"})
    assert urlsplit(answer.headers["Location"]).path == "/panel/"
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    body = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "in", "property": "value", "value": "frames"}],
        "changedPropIds": ["in.value"],
    }
    callback = f"{door.url}/panel/_dash-update-component"
    assert "the secret of frames" in httpx.post(callback, json=body, headers={"Cookie": cookie}).text
    page = httpx.get(f"{door.url}/panel/", headers={"Cookie": cookie})
    assert page.headers["Content-Security-Policy"] == f"frame-ancestors 'self' {AROUND}"
    assert "X-Frame-Options" not in page.headers
    door.reached("panel")
    assert httpx.get(made.json()["url"], headers={"Sec-Fetch-Dest": "iframe"}).status_code == 404
    assert httpx.post(callback, json=body).status_code == 401
    assert httpx.get(f"{door.url}/panel/admin", headers={"Cookie": cookie}).status_code == 401
    assert httpx.get(f"{door.url}/notes/", headers={"Cookie": cookie}).status_code == 401
    assert door.reached("panel") + door.reached("notes") == ""


def test_who_may_not_embed_gets_no_frame(door: Door) -> None:
    assert offer(door, {}).status_code == 401
    assert offer(door, door.token("apps", roles=["analyst"])).status_code == 403
    assert offer(door, door.token("embed:panel")).status_code == 403
    embed = door.token("embed:panel", roles=["analyst"])
    assert offer(door, embed, path="/admin").status_code == 403
    assert offer(door, embed, path="/../notes").status_code == 400
    assert offer(door, embed, app="notes").status_code == 403


def test_only_apps_that_say_so_may_be_shown_elsewhere(door: Door) -> None:
    answer = door.ask("/notes/", headers=door.token("apps", roles=["analyst"]))
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    refused = door.ask("/panel/", headers={"Accept": "text/html", "Sec-Fetch-Dest": "iframe"})
    assert refused.status_code == 401
    assert AROUND in refused.headers["Content-Security-Policy"]
    elsewhere = door.ask("/notes/", headers={"Accept": "text/html", "Sec-Fetch-Dest": "iframe"})
    assert elsewhere.status_code == 302


def socket_of(door: Door, path: str, headers: dict[str, str]) -> str:
    with connect(door.url.replace("http", "ws") + path, additional_headers=headers) as connection:
        return str(connection.recv(timeout=10))


def test_a_websocket_opens_for_tokens_and_guests_as_any_request(door: Door) -> None:
    ann = door.token("app:notes", of=ANN)
    assert socket_of(door, "/notes/live", ann) == "ann@example.org"
    with guest(door.share("notes")) as browser:
        cookie = {"Cookie": f"portico_guest_notes={next(iter(browser.cookies.jar)).value}"}
    assert socket_of(door, "/notes/live", cookie) == "nobody"
    door.reached("notes")
    for path, headers in [
        ("/notes/admin/live", ann),
        ("/notes/admin/live", cookie),
        ("/notes/live", {}),
        ("/notes/live", door.token("app:panel", of=ANN)),
        ("/notes/Admin/live", ann),
    ]:
        with pytest.raises(InvalidStatus):
            socket_of(door, path, headers)
    assert door.reached("notes") == ""


def test_an_open_path_of_a_closed_app_is_open_alone(door: Door) -> None:
    assert door.ask("/notes/hook/x").json()["id"] == ""
    assert door.ask("/notes/hooks").status_code == 401
    assert door.ask("/notes/hook/../admin").status_code in (200, 400, 401)  # httpx resolves the dots itself
    assert "admin" not in door.reached("notes")


def test_a_rule_holds_for_an_app_that_writes_its_prefix_into_its_routes(door: Door) -> None:
    ann, head = (door.token("apps", of=f"{name}@example.org") for name in ("ann", "max"))
    assert door.ask("/panel/admin", headers=head).text == "the secret of managers"
    door.reached("panel")
    for path in ("/panel/admin", "/panel/panel/admin", "/panel/panel/admin/", "/panel/Panel/admin"):
        assert door.ask(path, headers=ann).status_code in (400, 403), path
    assert door.reached("panel") == ""


def test_what_an_app_answers_to_one_below_its_assets_is_not_anothers(door: Door) -> None:
    for name in ("max", "ann"):
        header = door.token("apps", of=f"{name}@example.org")
        for _ in range(2):
            assert door.ask("/panel/assets/me.txt", headers=header).text == f"{name}@example.org"


def test_everybody_enters_where_identity_is_optional_and_only_the_known_are_named(door: Door) -> None:
    assert door.ask("/news/").json()["email"] == ""
    named = door.ask("/news/", headers=door.token("apps", of="bob@example.org"))
    assert named.json()["email"] == "bob@example.org"
    forged = {"Remote-User": "max@example.org", "X-Portico-Identity": "x"}
    assert door.ask("/news/", headers=forged).json()["email"] == ""


def test_a_guests_account_that_has_ended_is_out(door: Door) -> None:
    password = PASSWORD + " of guests"
    added = door.process.portico("user", "add", "guest@example.org", "--role", "analyst")
    link = re.search(r"http\S+/-/reset/\S+", added.stdout)
    assert link
    header = door.token("apps", of="guest@example.org")
    with httpx.Client(timeout=20) as browser:
        sign_in(browser, door.url, link.group(), password)
        assert browser.get(f"{door.url}/notes/").status_code == 200
        assert "ends at" in door.process.portico("user", "until", "guest@example.org", "3s").stdout
        time.sleep(4.3)
        door.reached("notes")
        assert browser.get(f"{door.url}/notes/").status_code == 401
        assert door.ask("/notes/", headers=header).status_code == 401
    assert door.reached("notes") == ""


def sign_in(browser: httpx.Client, url: str, reset: str, password: str) -> None:
    """Choose a password by a link and sign in with it."""

    def hidden(page: str) -> dict[str, str]:
        return {"csrf_token": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]}  # type: ignore[index]

    form = hidden(browser.get(reset).text) | {"password": password, "repeat": password}
    assert browser.post(reset, data=form).status_code == 302
    page = browser.get(f"{url}/-/sign-in").text
    form = hidden(page) | {"email": "guest@example.org", "password": password}
    assert browser.post(f"{url}/-/sign-in", data=form).status_code == 302


def test_access_why_says_what_the_front_does(door: Door) -> None:
    """The command line's explanation is the decision itself."""
    for who in ("ann", "bob", "max"):
        header = door.token("apps", of=f"{who}@example.org")
        for path in ("/", "/admin/x", "/hook"):
            told = door.say("access", "why", f"{who}@example.org", "notes", path)
            done = door.ask(f"/notes{path}", headers=header).status_code
            assert (told["outcome"] == "enter") == (done == 200), (who, path)
