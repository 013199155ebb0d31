"""The gate as people meet it: behind the real nginx, beside real apps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import databases
from load import Load, get
from site_process import SiteProcess, eventually, short_folder
from site_visitor import PASSWORD, Hidden, Visitor, sign_in

APP = """
from flask import Flask, request
from portico import current_user
app = Flask(__name__)

@app.get("/")
def home():
    return {"email": current_user.email, "roles": sorted(current_user.roles), "cookies": list(request.cookies)}
"""
SITE = """
[site]
url = "http://localhost:{port}"
listen = "127.0.0.1:{port}"
sign_up = "open"
[roles]
analyst = "Reads sales"
[apps.sales]
run = "app.py"
access = "analyst"
[apps.home]
run = "app.py"
[apps.lab]
run = "app.py"
host = "lab.localhost"
"""


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site with three apps and an administrator."""
    with short_folder() as folder:
        root = Path(folder)
        (root / "app.py").write_text(APP)
        process = SiteProcess(root)
        process.write(SITE.replace("{port}", str(process.port)))
        with process:
            link = urlsplit(process.first_run_link()).path
            made = Visitor(process).fill(
                link, email="root@example.org", name="Root", password=PASSWORD, repeat=PASSWORD
            )
            assert made.status_code == 302, made.text
            yield process


@pytest.fixture
def anna(site: SiteProcess, request: pytest.FixtureRequest) -> str:
    """A person of this test's own, without roles."""
    email = f"anna-{abs(hash(request.node.name))}@example.org"
    link = site.portico("user", "add", email)
    assert link.returncode == 0, link.stderr
    path = urlsplit(link.stdout.split()[-1]).path
    assert Visitor(site).fill(path, password=PASSWORD, repeat=PASSWORD).status_code == 302
    return email


def test_the_gate_opens_the_database_that_the_tests_are_to_run_on(site: SiteProcess) -> None:
    """PORTICO_TEST_DATABASE reaches served sites: else a run on PostgreSQL would say nothing about them."""
    seen = json.loads((site.root / ".portico" / "run" / "site.json").read_text())["database_url"]
    assert seen.startswith(databases.chosen())
    assert (site.root / ".portico" / "portico.db").exists() is (databases.chosen() == "sqlite")


def test_a_stranger_is_led_to_the_sign_in_and_back(site: SiteProcess, anna: str) -> None:
    """With the whole address, query and all; the app learns who asks and sees no session cookie."""
    visitor = Visitor(site)
    first = visitor.send("GET", "/home/?x=1&y=a%20b")
    assert first.status_code == 302
    assert first.headers["location"] == f"http://localhost:{site.port}/-/sign-in?/home/?x=1&y=a%20b"
    back = sign_in(visitor, anna, "/-/sign-in?/home/?x=1&y=a%20b")
    assert back.headers["location"] == "/home/?x=1&y=a%20b"
    assert visitor.open("/home/").json() == {"email": anna, "roles": [], "cookies": []}


def test_roles_open_apps_within_the_caches_seconds(site: SiteProcess, anna: str) -> None:
    """Given and taken on the command line, while the site runs."""
    visitor = Visitor(site)
    sign_in(visitor, anna)
    assert visitor.send("GET", "/sales/").status_code == 403
    for change, status in (("--add", 200), ("--remove", 403)):
        assert site.portico("user", "roles", anna, change, "analyst").returncode == 0
        eventually(lambda status=status: visitor.send("GET", "/sales/").status_code == status, 5)


def test_a_disabled_person_is_out_within_the_caches_seconds(site: SiteProcess, anna: str) -> None:
    """Everywhere, and for good."""
    visitor = Visitor(site)
    sign_in(visitor, anna)
    assert visitor.send("GET", "/home/").status_code == 200
    assert site.portico("user", "disable", anna).returncode == 0
    eventually(lambda: visitor.send("GET", "/home/").status_code == 302, 8)
    assert sign_in(Visitor(site), anna).status_code == 401


def test_signing_out_ends_it(site: SiteProcess, anna: str) -> None:
    """The cookie is gone from the browser, and worth nothing to whoever kept it."""
    visitor = Visitor(site)
    sign_in(visitor, anna)
    kept = dict(visitor.jars[visitor.home])
    visitor.fill("/-/sign-out")
    assert visitor.jars[visitor.home] == {}
    visitor.jars[visitor.home] = kept
    eventually(lambda: visitor.send("GET", "/home/").status_code == 302, 8)


def test_the_check_is_not_for_strangers(site: SiteProcess) -> None:
    """Nor is the page of a crashed app, in whatever way the path is written."""
    visitor = Visitor(site)
    for path in ("/-/check/home", "/-/crashed/home", "/-//check/home", "/-/%63heck/home", "/-/./check/home"):
        answer = visitor.send("GET", path)
        assert answer.status_code in {400, 404}, path
        assert "x-portico-identity" not in answer.headers


def test_an_app_on_its_own_host_is_entered_through_the_site(site: SiteProcess, anna: str) -> None:
    """From the app's address to the sign-in and back to the app, with a cookie of its own."""
    visitor = Visitor(site)
    lab = f"http://lab.localhost:{site.port}/"
    page = visitor.open(lab)
    assert "Sign in" in page.text
    after = sign_in(visitor, anna, f"/-/sign-in?{lab}")
    assert visitor.open(after.headers["location"]).json()["email"] == anna
    assert visitor.open(lab).json()["email"] == anna
    site_cookie = visitor.jars[visitor.home]["portico_session"]
    assert visitor.jars[f"lab.localhost:{site.port}"]["portico_session"] != site_cookie


def test_a_forged_form_is_refused_through_the_front_too(site: SiteProcess, anna: str) -> None:
    """Another origin, or no token."""
    visitor = Visitor(site)
    sign_in(visitor, anna)
    assert visitor.send("POST", "/-/sign-out").status_code == 400
    assert visitor.send("GET", "/-/profile").status_code == 200


def test_answers_say_nothing_about_the_server(site: SiteProcess) -> None:
    """Strict headers on the gate's pages."""
    headers = Visitor(site).send("GET", "/-/sign-in").headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"
    assert "werkzeug" not in str(headers).lower()


def test_rotating_the_secrets_of_a_running_site_disturbs_nobody(site: SiteProcess, anna: str) -> None:
    """Under load: who is signed in goes on, the app knows them under the new key, an open form is still good."""
    visitor = Visitor(site)
    sign_in(visitor, anna)
    form = Hidden()
    form.feed(visitor.send("GET", "/-/profile").text)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.jars[visitor.home].items())
    headers = {"Host": visitor.home, "Cookie": cookies}
    keys = get(f"{site.url}/-/jwks.json", headers).body
    with Load(f"{site.url}/home/", threads=3, headers=headers) as load:
        done = site.portico("secrets", "rotate")
        assert done.stdout == "The keys are new, and the gate uses them.\n", done.stderr
        eventually(lambda: get(f"{site.url}/-/jwks.json", headers).body != keys)
        seen = load.count
        eventually(lambda: load.count > seen + 50)
    assert load.failures == []
    assert visitor.open("/home/").json()["email"] == anna
    assert visitor.send("POST", "/-/profile", form.found | {"name": "Anna"}).status_code == 302
