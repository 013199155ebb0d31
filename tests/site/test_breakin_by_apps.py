"""Break-in attempts by an app's answers and pages: at other apps, at the whole host, at other people. Real nginx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, Request, example_app
from portico.site import Access

WEBSOCKET = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
]


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [
        example_app("sales"),
        example_app("open", access=Access(public=True)),
        example_app("lab", host="lab.localhost"),
    ]
    with FrontSite(any_nginx, apps) as front:
        yield front
        assert not any(upstream.problems for upstream in (front.gate, *front.apps.values()))


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    site.reset()


def says(site: FrontSite, header: str) -> None:
    """Every app answers with this header."""

    def answer(_request: Request) -> bytes:
        return f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{header}\r\n\r\nok".encode()

    for app in site.apps.values():
        app.answer = answer


@pytest.mark.parametrize(
    "header",
    [
        "Strict-Transport-Security: max-age=0",
        'Clear-Site-Data: "*"',
        'NEL: {"report_to": "x", "max_age": 9, "success_fraction": 1.0}',
        'Report-To: {"group": "x", "max_age": 9, "endpoints": [{"url": "https://evil.example/"}]}',
        'Alt-Svc: h3=":9"',
    ],
)
def test_no_app_speaks_for_the_host_that_it_shares(site: FrontSite, header: str) -> None:
    """With one answer it would sign everybody out, or have browsers report every address of the site elsewhere; on a
    host of its own an app may say so."""
    says(site, header)
    name, _, value = header.partition(": ")
    assert site.ask("/sales/", who="a").header(name) is None
    assert site.ask("/open/").header(name) is None
    assert site.ask("/", who="a", host=f"lab.localhost:{site.port}").header(name) == value


def test_a_secure_site_stays_secure_whatever_an_app_says(any_nginx: Path) -> None:
    app = example_app("open", access=Access(public=True))
    with FrontSite(any_nginx, [app], url="https://apps.example.org") as site:
        says(site, "Strict-Transport-Security: max-age=0")
        assert site.ask("/open/").header("Strict-Transport-Security") == "max-age=31536000"


def test_a_service_worker_looks_after_its_own_app_alone(site: FrontSite) -> None:
    """One for the whole host would stand between people and the sign-in page."""
    says(site, "Service-Worker-Allowed: /")
    assert site.ask("/sales/worker.js", who="a").header("Service-Worker-Allowed") == "/sales/"
    assert site.ask("/open/worker.js").header("Service-Worker-Allowed") == "/open/"
    own = site.ask("/worker.js", who="a", host=f"lab.localhost:{site.port}")
    assert own.header("Service-Worker-Allowed") == "/"


def test_a_page_on_another_host_of_the_site_opens_no_websocket(site: FrontSite) -> None:
    """Browsers send the session of the site's host along from there too, and a WebSocket may read what it is told."""
    lab, main = f"lab.localhost:{site.port}", f"localhost:{site.port}"
    for host, origin, status in [
        (main, main, 200),
        (lab, lab, 200),
        (main, lab, 403),
        (lab, main, 403),
        (main, "localhost:9", 403),
    ]:
        site.reset()
        path = "/sales/live" if host == main else "/live"
        headers = [*WEBSOCKET, ("Origin", f"http://{origin}")]
        assert site.ask(path, who="a", host=host, headers=headers).status == status, (host, origin)
        assert sum(len(app.requests) for app in site.apps.values()) == (status == 200)
