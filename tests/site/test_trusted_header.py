"""Who may say in a header that somebody is signed in: the proxies that portico.toml names, through the real front."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from site_process import SiteProcess, short_folder

APP = """
from flask import Flask, request
from portico import current_user
app = Flask(__name__)

@app.get("/")
def home():
    return {"email": current_user.email, "headers": sorted(name.lower() for name, _ in request.headers)}
"""
SITE = """
[site]
url = "http://localhost:{port}"
listen = "127.0.0.1:{port}"
sign_up = "closed"
trusted_proxies = ["127.0.0.4"]
[trusted_header]
header = "X-Company-Mail"
name_header = "X-Company-Name"
from = ["127.0.0.2"]
sign_up = "open"
[apps.home]
run = "app.py"
[apps.open]
run = "app.py"
access = "public"
"""
PROXY, STRANGER, ANOTHER_PROXY = "127.0.0.2", "127.0.0.3", "127.0.0.4"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site that believes a proxy at 127.0.0.2."""
    with short_folder() as folder:
        root = Path(folder)
        (root / "app.py").write_text(APP)
        process = SiteProcess(root)
        process.write(SITE.replace("{port}", str(process.port)))
        with process:
            yield process


def visitor(site: SiteProcess, address: str) -> httpx.Client:
    """A client that connects from this address."""
    return httpx.Client(
        base_url=f"http://127.0.0.1:{site.port}",
        transport=httpx.HTTPTransport(local_address=address),
        headers={"Host": f"localhost:{site.port}", "Accept": "text/html"},
        timeout=20,
    )


def come(client: httpx.Client, **headers: str) -> httpx.Response:
    """Open the app, and follow to where that leads; each request carries the headers."""
    at, said = "/home/", {name.replace("_", "-"): value for name, value in headers.items()}
    for _ in range(8):
        answer = client.get(at, headers=said)
        if not answer.is_redirect:
            return answer
        target = httpx.URL(answer.headers["location"])
        at = target.raw_path.decode()
    raise AssertionError("redirects without end")


def test_the_named_proxy_is_believed(site: SiteProcess) -> None:
    answer = come(visitor(site, PROXY), X_Company_Mail="anna@example.org", X_Company_Name="Anna")
    assert answer.status_code == 200, answer.text
    assert answer.json()["email"] == "anna@example.org"


FORGED = {
    "the header itself": {"X_Company_Mail": "anna@example.org"},
    "in other letters": {"x_company_MAIL": "anna@example.org"},
    "the name between front and gate": {"X_Portico_Vouched": "anna@example.org"},
    "as if it came from the proxy": {"X_Company_Mail": "anna@example.org", "X_Forwarded_For": PROXY},
    "and by every other name for that": {
        "X_Company_Mail": "anna@example.org",
        "Forwarded": f"for={PROXY}",
        "X_Real_IP": PROXY,
        "X_Portico_Vouched": "anna@example.org",
        "X_Portico_Vouched_Name": "Anna",
    },
}


@pytest.mark.parametrize("address", [STRANGER, ANOTHER_PROXY])
@pytest.mark.parametrize("forgery", FORGED)
def test_nobody_else_is(site: SiteProcess, forgery: str, address: str) -> None:
    """Not even a proxy that is trusted with addresses: whoever comes through it may write any header."""
    client = visitor(site, address)
    answer = come(client, **FORGED[forgery])
    assert "Mail address" in answer.text  # the sign-in form
    at = client.get("/-/sso/proxy", headers={n.replace("_", "-"): v for n, v in FORGED[forgery].items()})
    assert at.headers["location"].startswith("/-/sign-in")
    assert client.get("/home/", headers={"Accept": "application/json"}).status_code == 401


def test_names_with_underscores_are_not_taken_for_the_header(site: SiteProcess) -> None:
    answer = visitor(site, PROXY).get("/-/sso/proxy", headers={"X_Company_Mail": "anna@example.org"})
    assert answer.headers["location"].startswith("/-/sign-in")


def test_two_of_the_header_are_none(site: SiteProcess) -> None:
    client = visitor(site, PROXY)
    answer = client.get(
        "/-/sso/proxy",
        headers=[("X-Company-Mail", "anna@example.org"), ("X-Company-Mail", "boss@example.org")],
    )
    assert "boss" not in client.get("/-/profile", headers={"X-Company-Mail": "anna@example.org"}).text
    assert answer.status_code == 302


@pytest.mark.parametrize("address", [PROXY, STRANGER])
def test_no_app_sees_any_of_the_headers(site: SiteProcess, address: str) -> None:
    said = {
        "X-Company-Mail": "anna@example.org",
        "X-Company-Name": "Anna",
        "X-Portico-Vouched": "anna@example.org",
    }
    answer = visitor(site, address).get("/open/", headers=said)
    assert not {"x-company-mail", "x-company-name", "x-portico-vouched"} & set(answer.json()["headers"])


def test_the_session_of_one_person_is_not_anothers_though_the_answer_is_kept(site: SiteProcess) -> None:
    """The front keeps the gate's answer for seconds, but not from one person at the proxy to the next."""
    client = visitor(site, PROXY)
    assert come(client, X_Company_Mail="anna@example.org").json()["email"] == "anna@example.org"
    as_ben = {"X-Company-Mail": "ben@example.org", "Accept": "application/json"}
    assert client.get("/home/", headers=as_ben).status_code == 401
    assert come(client, X_Company_Mail="ben@example.org").json()["email"] == "ben@example.org"


def test_without_the_header_the_session_goes_on(site: SiteProcess) -> None:
    client = visitor(site, PROXY)
    come(client, X_Company_Mail="anna@example.org")
    answer = client.get("/home/", headers={"Accept": "application/json"})
    assert json.loads(answer.text)["email"] == "anna@example.org"
