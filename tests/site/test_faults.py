"""Faults around a whole site with people signed in: its database, its disk, its clients, its processes.

Beside those of tests/site/test_supervisor_faults.py, _life.py and _many.py, which look at the supervisor.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from conftest import missing
from load import Answer, Load, get
from portico.site import load
from site_process import SiteProcess, eventually, short_folder

PASSWORD = "correct horse battery"
ANNA = "anna@example.org"
LARGE = 100_000_000  # bytes: "100 MB"
NOTES = """
from hashlib import sha256
from flask import Flask, request
from portico import current_user

app = Flask(__name__)

@app.route("/", methods=["GET", "POST"])
def index():
    return {"email": current_user.email, "sent": len(request.get_data())}

@app.post("/store")
def store():
    digest, size = sha256(), 0
    while piece := request.stream.read(65536):
        digest.update(piece)
        size += len(piece)
    return {"size": size, "digest": digest.hexdigest()}
"""
PANEL = """
from dash import Dash, Input, Output, callback, dcc, html

app = Dash(__name__)
app.layout = html.Div([dcc.Upload(id="file", children="Upload"), html.Div(id="out")])

@callback(Output("out", "children"), Input("file", "contents"))
def store(contents):
    return str(len(contents or ""))
"""
TOML = """
[apps.notes]
run = "notes/app.py"

[apps.other]
run = "notes/app.py"

[apps.open]
run = "notes/app.py"
access = "public"

[apps.panel]
run = "panel/app.py"
max_body = "150MB"
"""


@contextlib.contextmanager
def built(toml: str = TOML) -> Iterator[SiteProcess]:
    """A site of Flask and Dash apps behind the sign-in, not started yet."""
    with short_folder() as folder:
        root = Path(folder)
        for name, code in (("notes", NOTES), ("panel", PANEL)):
            (root / name).mkdir()
            (root / name / "app.py").write_text(code, encoding="utf-8")
        site = SiteProcess(root, toml)
        try:
            yield site
        finally:
            site.stop()


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """One such site for all that it survives."""
    with built() as site:
        site.start()
        site.wait_until(lambda: all(app["state"] == "running" for app in site.status()["apps"]))
        yield site


@pytest.fixture(scope="module")
def anna(site: SiteProcess) -> dict[str, str]:
    """The headers of Anna's browser, who is signed in."""
    return come_in(site)


def come_in(site: SiteProcess, email: str = ANNA) -> dict[str, str]:
    """Add a person and sign them in; the headers that a browser then sends."""
    link = site.portico("user", "add", email)
    assert link.returncode == 0, link.stderr
    with httpx.Client(base_url=site.url) as client:
        send_form(client, urlsplit(link.stdout.split()[-1]).path, password=PASSWORD, repeat=PASSWORD)
        assert send_form(client, "/-/sign-in", email=email, password=PASSWORD).status_code == 302
        return {"Cookie": f"portico_session={client.cookies['portico_session']}"}


def send_form(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Open a page of the gate and send its form."""
    token = client.get(path).text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    assert token
    return client.post(path, data={"csrf_token": token, **fields}, timeout=30)


# -- the database

LOCK = """
import sys
from sqlalchemy import create_engine, inspect, text
engine = create_engine(sys.argv[1], isolation_level="AUTOCOMMIT")
with engine.connect() as database:
    database.execute(text("UPDATE session SET last_used_at = '2020-01-01 00:00:00'"))
    sqlite = engine.dialect.name == "sqlite"
    tables = ", ".join(f'"{name}"' for name in inspect(database).get_table_names())
    database.execute(text("BEGIN EXCLUSIVE" if sqlite else "BEGIN"))
    if not sqlite:
        database.execute(text(f"LOCK TABLE {tables} IN EXCLUSIVE MODE"))
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def locked(site: SiteProcess) -> Iterator[None]:
    """Another process holds the database against writers; every session's use is due to be noted."""
    command = [sys.executable, "-c", LOCK, load(site.root, site.env).database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"locked\n"
            yield
        finally:
            process.kill()


def test_a_locked_database_stops_nobody_who_is_signed_in_and_the_sign_in_says_so(
    site: SiteProcess, anna: dict[str, str]
) -> None:
    """For seconds: apps answer, pages open, the form gets a 503 that says to try again; then all is as before."""
    with httpx.Client(base_url=site.url) as client:
        with locked(site):
            with Load(f"{site.url}/notes/", threads=3, posts=True, headers=anna) as load:
                refused = send_form(client, "/-/sign-in", email=ANNA, password=PASSWORD)
            assert load.failures == []
            assert load.count > 20
            assert refused.status_code == 503
            assert "database does not answer" in refused.text
            assert refused.headers["retry-after"]
            assert get(f"{site.url}/-/profile", anna).status == 200
        form = {"email": ANNA, "password": PASSWORD}
        eventually(lambda: send_form(client, "/-/sign-in", **form).status_code == 302, 8)


@pytest.fixture
def on_a_small_disk() -> Iterator[SiteProcess]:
    """Such a site with four megabytes for its state folder, and its database in there, started."""
    mount = shutil.which("mount")
    with built('[site]\ndatabase = "sqlite:///.portico/portico.db"\n' + TOML) as site:
        place = site.root / ".portico"
        place.mkdir()
        command = [str(mount), "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
        if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
            missing("the right to mount a small file system")
        try:
            yield site.start()
        finally:
            site.stop()
            subprocess.run([shutil.which("umount") or "umount", str(place)], check=True)


def test_a_full_disk_stops_nobody_who_is_signed_in_and_the_sign_in_says_so(
    on_a_small_disk: SiteProcess,
) -> None:
    """The gate cannot write: apps answer all the same, the form gets a 503; with space again all is as before."""
    site = on_a_small_disk
    anna = come_in(site)
    ballast = site.root / ".portico" / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with httpx.Client(base_url=site.url) as client:
        with Load(f"{site.url}/notes/", threads=2, posts=True, headers=anna) as load:
            refused = send_form(client, "/-/sign-in", email=ANNA, password=PASSWORD)
        assert load.failures == []
        assert refused.status_code == 503
        assert "database does not answer" in refused.text
        ballast.unlink()
        assert send_form(client, "/-/sign-in", email=ANNA, password=PASSWORD).status_code == 302
    assert "Traceback" not in site.output()


# -- clients


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process may have some thousand connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3000:
        missing("the right to open 3000 files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3000), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_a_thousand_slow_clients_stop_nobody(site: SiteProcess, anna: dict[str, str]) -> None:
    """Silent ones, slow heads, slow bodies, and slow bodies of a person who is signed in: all others are served."""
    cookie = f"Cookie: {anna['Cookie']}\r\n"
    begun = (
        "",
        "GET /notes/ HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST /open/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nx",
        f"POST /notes/ HTTP/1.1\r\nHost: x\r\n{cookie}Content-Length: 10000\r\n\r\nx",
    )
    with contextlib.ExitStack() as stack:
        slow = []
        for number in range(1000):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=10))
            connection.sendall(begun[number % 4].encode())
            slow.append(connection)
        for _ in range(2):
            for number, connection in enumerate(slow):
                if number % 4:
                    connection.sendall(b"x")
            for path in ("/notes/", "/open/", "/-/sign-in"):
                with Load(
                    f"{site.url}{path}", threads=10, once=True, headers=anna | {"Accept": "*/*"}
                ) as load:
                    pass
                failures = [line for line in load.failures if not (path == "/-/sign-in" and "302" in line)]
                assert failures == []
        assert site.app("notes")["state"] == "running"


def upload(site: SiteProcess, path: str, headers: dict[str, str], size: int, piece: bytes = b"") -> Answer:
    """POST `size` bytes in pieces, as a browser sends a file; reads an early answer as well."""
    piece = piece or b"0123456789abcdef" * 4096
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    try:
        connection.putrequest("POST", path)
        for name, value in (headers | {"Content-Length": str(size)}).items():
            connection.putheader(name, value)
        connection.endheaders()
        with contextlib.suppress(ConnectionError):
            for start in range(0, size, len(piece)):
                connection.send(piece[: size - start])
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


class Peak:
    """The most memory that processes take while the block runs, beyond what they had, in bytes."""

    def __init__(self, pids: Callable[[], list[int]]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids()]
        self._processes += [child for process in self._processes for child in process.children()]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.before = self._now()
        self.grown = 0

    def _now(self) -> int:
        return sum(process.memory_info().rss for process in self._processes)

    def _watch(self) -> None:
        while not self._over.wait(0.005):
            self.grown = max(self.grown, self._now() - self.before)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def test_an_upload_of_100_mb_arrives_whole_and_is_held_in_memory_by_nobody(
    site: SiteProcess, anna: dict[str, str]
) -> None:
    """A Flask app that reads its stream gets all of it; the runner and nginx stay small; 413 beyond max_body."""
    get(f"{site.url}/notes/", anna)
    with (
        Peak(lambda: site.app("notes")["pids"]) as runner,
        Peak(lambda: site.status()["front"]["pids"]) as front,
        Load(f"{site.url}/other/", threads=1, headers=anna) as load,
    ):
        answer = upload(site, "/notes/store", anna, LARGE)
    piece = b"0123456789abcdef" * 4096
    whole = (piece * (LARGE // len(piece) + 1))[:LARGE]
    assert answer.status == 200
    assert json.loads(answer.body) == {"size": LARGE, "digest": sha256(whole).hexdigest()}
    assert load.failures == []
    assert runner.grown < 30_000_000
    assert front.grown < 10_000_000
    assert upload(site, "/notes/store", anna, LARGE + 1).status == 413
    assert upload(site, "/notes/store", {}, LARGE).status == 401


def test_an_upload_of_100_mb_reaches_a_dash_callback(site: SiteProcess, anna: dict[str, str]) -> None:
    """dcc.Upload sends a file as text inside JSON: Dash holds that, but only until the callback has answered."""
    get(f"{site.url}/panel/", anna)
    contents = "data:text/plain;base64," + "QUJD" * (LARGE // 4)
    update = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "file", "property": "contents", "value": contents}],
        "changedPropIds": ["file.contents"],
    }
    body = json.dumps(update).encode()
    address = f"{site.url}/panel/_dash-update-component"
    with (
        Peak(lambda: site.app("panel")["pids"]) as runner,
        Peak(lambda: site.status()["front"]["pids"]) as front,
    ):
        answer = get(address, anna | {"Content-Type": "application/json"}, "POST", body)
    assert answer.status == 200
    assert json.loads(answer.body)["response"]["out"]["children"] == str(len(contents))
    assert front.grown < 10_000_000
    assert runner.grown < 8 * len(body)
    process = psutil.Process(site.app("panel")["pids"][0])
    eventually(lambda: process.memory_info().rss - runner.before < 2 * len(body), 5, "memory given back")
    assert upload(site, "/panel/_dash-update-component", anna, 150_000_001).status == 413


# -- processes


def answers(site: SiteProcess, who: dict[str, str]) -> bool:
    """Whether this person gets an answer of an app."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        return get(f"{site.url}/other/", who).status == 200
    return False


def test_killing_each_process_in_turn_under_load_touches_only_what_it_served(
    site: SiteProcess, anna: dict[str, str]
) -> None:
    """kill -9 of an app, the gate, an nginx worker, nginx: all come back, and who did not use it loses nothing."""
    pids = {name: site.app(name)["pids"] for name in ("other", "open", "panel")}
    with (
        Load(f"{site.url}/other/", threads=2, posts=True, headers=anna) as signed_in,
        Load(f"{site.url}/open/", threads=2, posts=True) as strangers,
    ):
        for name in ("notes", "gate"):
            old = site.status()["gate"]["pids"] if name == "gate" else site.app(name)["pids"]
            os.kill(old[0], 9)
            again = f"{site.url}/notes/" if name == "notes" else f"{site.url}/-/profile"
            site.wait_until(lambda again=again: get(again, anna).status == 200)
        time.sleep(3)  # longer than a check is kept: the new gate has been asked
    assert signed_in.failures == strangers.failures == []
    assert signed_in.count > 50
    for part in ("worker", "nginx"):
        (nginx,) = site.status()["front"]["pids"]
        os.kill(psutil.Process(nginx).children()[0].pid if part == "worker" else nginx, 9)

        if part == "nginx":
            site.wait_until(lambda old=nginx: site.status()["front"]["pids"] not in ([], [old]))
        site.wait_until(lambda: answers(site, anna))
        with Load(f"{site.url}/other/", threads=2, posts=True, headers=anna) as after:
            time.sleep(0.5)
        assert after.failures == []
    assert {name: site.app(name)["pids"] for name in pids} == pids
