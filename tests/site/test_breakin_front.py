"""Break-in attempts at the front alone: two requests in one, forged lines, redirects that lead away."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, example_app, identity, token
from portico.site import Access

# What Dash, its callbacks, its WebSocket and its tools for agents listen on, and what Flask apps often have.
DOORS = [
    ("GET", "/"),
    ("GET", "/_dash-layout"),
    ("GET", "/_dash-dependencies"),
    ("POST", "/_dash-update-component"),
    ("GET", "/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js"),
    ("GET", "/assets/style.css"),
    ("GET", "/_favicon.ico"),
    ("GET", "/_reload-hash"),
    ("GET", "/_alive_x"),
    ("POST", "/_mcp"),
    ("GET", "/_mcp"),
    ("GET", "/_dash-ws-callback"),
    ("GET", "/static/app.js"),
    ("GET", "/health"),
    ("OPTIONS", "/"),
    ("HEAD", "/"),
    ("PUT", "/x"),
    ("DELETE", "/x"),
    ("PROPFIND", "/x"),
]


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [example_app("sales"), example_app("hr"), example_app("open", access=Access(public=True))]
    with FrontSite(any_nginx, apps, release={"sales": "r1", "hr": "r1", "open": "r1"}) as front:
        yield front
        assert not any(upstream.problems for upstream in (front.gate, *front.apps.values()))


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    site.reset()


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_no_door_of_an_app_is_open_to_strangers_or_the_wrong_role(
    site: FrontSite, method: str, path: str
) -> None:
    body = b'{"output": "x.children", "inputs": []}' if method in ("POST", "PUT") else None
    assert site.ask(f"/hr{path}", method=method, body=body).status == 401
    assert site.ask(f"/hr{path}", method=method, body=body, who="b").status == 403
    assert site.apps["hr"].requests == []
    assert site.ask(f"/hr{path}", method=method, body=body, who="a").status == 200
    assert site.apps["hr"].last.method == method


@pytest.mark.parametrize(
    "forged",
    [
        [("X-Portico-Identity", identity("ada", "hr"))],
        [("X-Portico-Identity", identity("ada", "hr")), ("Connection", "X-Portico-Identity")],
        [("X_Portico_Identity", identity("ada", "hr"))],
        [("Remote-User", "ada"), ("X-Forwarded-User", "ada"), ("X-Auth-Request-User", "ada")],
        [("X-Original-URI", "/open/"), ("X-Rewrite-URL", "/open/"), ("X-Original-URL", "/open/")],
        [("X-Original-Method", "OPTIONS"), ("X-HTTP-Method-Override", "OPTIONS")],
        [("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")],
        [("X-Forwarded-Prefix", "/open"), ("X-Portico-Prefix", "/open"), ("X-Script-Name", "/open")],
        [("X-Accel-Redirect", "/hr/"), ("X-Accel-Expires", "1")],
        [("Authorization", "Bearer ptk_guess"), ("Authorization", "Basic YWRtaW46YWRtaW4=")],
    ],
)  # fmt: skip
def test_no_header_opens_a_door(site: FrontSite, forged: list[tuple[str, str]]) -> None:
    assert site.ask("/hr/secret", headers=forged).status in (400, 401)
    assert site.ask("/hr/secret", headers=forged, who="b").status in (400, 403)
    assert site.apps["hr"].requests == []
    site.ask("/sales/", headers=forged, who="b")
    if site.apps["sales"].requests:
        got = site.apps["sales"].last
        assert got.header("X-Portico-Identity") == identity("bob", "sales")
        assert identity("ada", "hr") not in str(got.headers)


HIDDEN = b"GET /hr/secret HTTP/1.1\r\nHost: x\r\nX-Portico-Identity: forged\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nContent_Length: 60\r\n\r\n",
        b"GET /open/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX: a\rb\r\n\r\n",
        b"POST /open/ HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0;x\r\n\r\n",
        b"POST /open/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000000000\r\n\r\n",
        b"GET /open/ HTTP/1.1 \r\nHost: x\r\n\r\n",
        b"GET /open/ HTTP/1.1\nHost: x\n\n",
        b"GET  /open/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /open/\tHTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /open/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /open/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)  # fmt: skip
def test_a_second_request_hidden_in_a_first_is_checked_like_any_or_refused(
    site: FrontSite, head: bytes
) -> None:
    """Whatever nginx makes of it, no app gets a request that was not checked for that app."""
    with site.connect() as connection:
        connection.sendall(head + HIDDEN)
        connection.settimeout(0.3)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            pass
    time.sleep(0.02)
    assert site.apps["hr"].requests == site.apps["sales"].requests == []
    for request in site.apps["open"].requests:
        assert request.target == "/open/"
        assert "x-portico-identity" not in request.names
        assert b"forged" not in str(request.headers).encode()
    assert site.apps["open"].problems == []


def test_a_socket_that_an_app_refused_to_upgrade_carries_no_unchecked_request(site: FrontSite) -> None:
    """After `Upgrade: websocket` answered with 200 the connection is plain HTTP again, checked each time."""
    head = b"GET /open/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    with site.connect() as connection:
        connection.sendall(head)
        assert b" 200 " in connection.recv(65536).split(b"\r\n")[0]
        connection.sendall(HIDDEN)
        assert b" 401 " in connection.recv(65536).split(b"\r\n")[0]
    assert site.apps["hr"].requests == []


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "//evil.example/sales", "/\\evil.example", "/%5cevil.example/", "/%2f/evil.example/",
     "/sales/%2f%2fevil.example", "/sales//evil.example", "/-//evil.example", "/.evil.example", "/@evil.example/",
     "/sales?//evil.example", "/sales/?https://evil.example", "https://evil.example/sales",
     "https://evil.example/-/sign-in", "/http://evil.example", "/sales\t//evil.example", "/%09//evil.example"],
)  # fmt: skip
def test_the_front_sends_nobody_off_the_site(site: FrontSite, target: str) -> None:
    for host in (
        f"localhost:{site.port}",
        "evil.example",
        "localhost@evil.example",
        "evil.example#localhost",
    ):
        for headers in (
            [],
            [("Referer", "http://localhost/sales/")],
            [("Referer", "http://evil.example/sales/")],
        ):
            answer = (
                site.page(target, host=host) if not headers else site.ask(target, host=host, headers=headers)
            )
            for place in answer.all("Location"):
                ours = re.escape(site.site.url)
                assert re.match(rf"(?:{ours}/-/sign-in\?/(?!/)|/sales/|/-/)", place), place


def test_the_next_of_a_sign_in_is_the_address_as_it_was_asked(site: FrontSite) -> None:
    """Judging it is the gate's work; the front only promises that it begins with one slash."""
    for target in ("/sales/?next=//evil.example", "/sales/@evil.example", "/sales/http://evil.example"):
        assert site.page(target).header("Location") == f"{site.site.url}/-/sign-in?{target}"


def test_a_session_cookie_that_an_app_planted_beside_the_real_one_is_no_session(site: FrontSite) -> None:
    """Below its own prefix an app can plant a cookie of our name; whose session it means must not count."""
    name = site.site.session_cookie
    for pair in (("a", "b"), ("b", "a")):
        cookie = "; ".join(f"{name}={token(letter)}" for letter in pair)
        assert site.ask("/sales/", headers=[("Cookie", cookie)]).status == 401


def test_many_unknown_sessions_do_not_push_anyone_in_or_out(site: FrontSite) -> None:
    import secrets

    assert site.ask("/sales/", who="a").status == 200
    for _ in range(60):
        cookie = f"{site.site.session_cookie}={secrets.token_urlsafe(32)}"
        assert site.ask("/sales/", headers=[("Cookie", cookie)]).status == 401
    assert site.ask("/sales/", who="a").status == 200
