"""The whole way by TLS, as docker-compose.yml sets it up: browser, outer nginx, the real site."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Error, Page, expect

from checkout import Checkout, Visitor, until_healthy
from outer_nginx import need_docker
from outer_nginx_tls import trusting_nobody
from site_process import eventually, free_port

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A fresh clone, started with the two settings that a first start by TLS takes."""
    need_docker()
    port = str(free_port())
    url = f"https://localhost:{port}"
    settings = {"PORTICO_TLS": "self-signed", "PORTICO_URL": url, "PORTICO_HTTPS_PORT": port}
    checkout = Checkout(tmp_path_factory.mktemp("tls"), **settings)
    checkout.url = url
    try:
        checkout.type("docker-compose up --build -d")
        until_healthy(checkout, "nginx")
        yield checkout
    finally:
        checkout.remove()


@pytest.fixture
def client(site: Checkout) -> Iterator[httpx.Client]:
    """A browser, as far as HTTP/2 goes."""
    with httpx.Client(base_url=site.url, verify=trusting_nobody(), http2=True) as one:
        yield one


def test_the_site_works_by_tls(client: httpx.Client) -> None:
    """Its API answers, what is closed is closed, people are sent to sign in, the cookie is for this host and TLS only."""
    assert client.post("/sum/", content=b'{"data": ["1", "2"]}').text.strip() == "3"
    assert client.get("/dashboard/_dash-layout").json()["error"] == "sign-in-required"
    asked = client.get("/dashboard/", headers={"Accept": "text/html"})
    assert asked.headers["location"] == f"{client.base_url}/-/sign-in?/dashboard/".replace("//-", "/-")
    cookie = client.get("/-/sign-in").headers["set-cookie"]
    assert cookie.startswith("__Host-portico_session=")
    assert "Secure" in cookie


def test_the_old_addresses_lead_to_tls(site: Checkout) -> None:
    """http://localhost:8000 and port 80."""
    for name in ("PORTICO_PORT", "PORTICO_HTTP_PORT"):
        answer = httpx.get(f"http://localhost:{site.environment[name]}/sum/?a=1")
        assert (answer.status_code, answer.headers["location"]) == (308, f"{site.url}/sum/?a=1")


def test_everything_is_compressed_but_pages_with_secrets(client: httpx.Client) -> None:
    """The site compresses once; a form with a token in it stays plain (BREACH)."""
    wish = {"Accept-Encoding": "gzip"}
    assert client.get("/-/static/portico.css", headers=wish).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/-/sign-in", headers=wish).headers


def test_the_page_that_waits_for_the_site_opens_by_itself(site: Checkout, page: Page) -> None:
    """Somebody at work while the site is restarted sees that, and then is where they were."""
    visitor = page.context.browser.new_page(ignore_https_errors=True)  # type: ignore[union-attr]
    address = f"{site.url}/-/sign-in?/dashboard/"
    password = visitor.get_by_label("Password", exact=True)
    go(visitor, address)
    expect(password).to_be_visible()
    site.type("docker-compose stop dash-auth-flask")
    go(visitor, address)
    expect(visitor.get_by_role("heading", name="Back in a moment")).to_be_visible()
    expect(visitor.get_by_role("link", name="Back to localhost")).to_be_visible()
    site.type("docker-compose start dash-auth-flask")

    def is_back() -> bool:
        if visitor.url.startswith("chrome-error:"):  # it was asking in the moment when the network changed
            go(visitor, address)
        return password.is_visible()

    eventually(is_back, 60, "the page does not open by itself")
    assert visitor.url == address


def go(page: Page, address: str) -> None:
    """Open the address. Chromium gives up whenever a container comes or goes on this machine: then once more."""

    def opened() -> bool:
        try:
            page.goto(address)
        except Error as error:
            if "ERR_NETWORK_CHANGED" not in error.message:
                raise
            return False
        return True

    eventually(opened, 60, address)


def test_an_account_is_made_and_used_by_tls(site: Checkout) -> None:
    """First-run link, sign-in and dashboard, by the visitor that the other container tests have."""
    with Visitor(site.url) as visitor:
        visitor.client = httpx.Client(
            base_url=site.url, timeout=30, verify=trusting_nobody(), headers=visitor.client.headers
        )
        visitor.make_first_account(site.first_run_link(), "ada@example.org")
        assert eventually(lambda: visitor.client.get("/dashboard/").status_code == 200, 60)
