"""A site whose PostgreSQL server goes away while people are signed in, and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

import postgres_server as postgres
from conftest import missing
from load import Load
from site_process import SiteProcess, eventually, short_folder

PASSWORD = "correct horse battery"
APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TOML = '[site]\ncheck_cache = "0s"\n[apps.sales]\nrun = "door.py"\n[apps.news]\nrun = "door.py"\naccess = "public"\n'
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
PROGRAM = {"Accept": "application/json"}
SOON = 5.0  # seconds


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A server that no other test uses."""
    if postgres.binaries() is None:
        missing("postgresql")
    with postgres.Server() as server:
        yield server


@pytest.fixture
def site(server: postgres.Server) -> Iterator[SiteProcess]:
    """A site on that server, with a closed and a public app."""
    with short_folder() as folder:
        (Path(folder) / "door.py").write_text(APP)
        with SiteProcess(Path(folder), TOML, env={"PORTICO_DATABASE_URL": server.url}) as site:
            yield site


@pytest.fixture
def anna(site: SiteProcess) -> Iterator[httpx.Client]:
    """A browser in which somebody has signed in."""
    added = site.portico("user", "add", "anna@example.org")
    assert added.returncode == 0, added.stderr
    with httpx.Client(base_url=site.url, timeout=30) as client:
        send_form(client, urlsplit(added.stdout.split()[-1]).path, password=PASSWORD, repeat=PASSWORD)
        assert send_form(client, "/-/sign-in", email="anna@example.org", password=PASSWORD).status_code == 302
        assert client.get("/sales/").text == "in"
        yield client


def field(page: httpx.Response) -> str:
    """The token of the page's form."""
    return page.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]


def send_form(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Open a page of the gate and send its form."""
    return client.post(path, data={"csrf_token": field(client.get(path)), **fields})


def asked(client: httpx.Client, path: str, headers: dict[str, str]) -> httpx.Response:
    """The answer, which must be there soon."""
    begun = time.monotonic()
    answer = client.get(path, headers=headers)
    assert time.monotonic() - begun < SOON, path
    return answer


def test_a_server_that_is_gone_for_a_while_signs_nobody_out(
    server: postgres.Server, site: SiteProcess, anna: httpx.Client
) -> None:
    """Meanwhile closed apps and pages say that it is a matter of time; afterwards all is as before, by itself."""
    gate = site.status()["gate"]["pids"]
    with httpx.Client(base_url=site.url, timeout=30) as stranger:
        form = {"csrf_token": field(stranger.get("/-/sign-in"))}
        server.stop()
        for path in ("/sales/", "/-/", "/-/profile"):
            page, said = asked(anna, path, PAGE), asked(anna, path, PROGRAM)
            assert (page.status_code, said.status_code) == (503, 503), f"{path}: {page.text} {said.text}"
            assert "<h1" in page.text, path
            assert said.json()["error"], path
        assert asked(stranger, "/sales/", PAGE).status_code != 200
        form |= {"email": "anna@example.org", "password": PASSWORD}
        refused = stranger.post("/-/sign-in", data=form)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        with Load(f"{site.url}/news/", threads=2) as load:
            time.sleep(0.5)
        assert load.failures == []
        server.start()
        eventually(lambda: anna.get("/sales/").text == "in", SOON)
        assert anna.get("/-/").status_code == 200
        eventually(lambda: stranger.post("/-/sign-in", data=form).status_code == 302, SOON)
    assert site.status()["gate"]["pids"] == gate
    assert "Traceback" not in site.output()


def test_nobody_notices_that_a_server_was_started_again_in_between(
    server: postgres.Server, site: SiteProcess, anna: httpx.Client
) -> None:
    """Connections that have died with it are found out before they are used."""
    server.stop()
    server.start()
    with Load(f"{site.url}/sales/", threads=8, once=True, headers={"Cookie": cookies(anna)}) as load:
        pass
    assert load.failures == []
    assert anna.get("/-/profile").status_code == 200
    assert send_form(anna, "/-/sign-out").status_code == 302


def cookies(client: httpx.Client) -> str:
    """What the browser sends."""
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())
