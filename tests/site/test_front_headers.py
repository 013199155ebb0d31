"""What reaches an app and what reaches the browser: only what the site says about the person and the address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, example_app, identity, token
from portico.serve.front.headers import STRIPPED_HEADERS
from portico.site import Access


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [
        example_app("sales"),
        example_app("open", access=Access(public=True)),
        example_app("rooted", host="rooted.localhost", access=Access(public=True)),
    ]
    with FrontSite(any_nginx, apps) as front:
        yield front
        assert not any(upstream.problems for upstream in (front.gate, *front.apps.values()))


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    site.reset()


def answering(*headers: str, body: str = "ok") -> bytes:
    """A whole response of an app with these header lines."""
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/plain", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


# -- on the way in


def test_an_app_gets_exactly_these_headers_and_the_clients_own(site: FrontSite) -> None:
    site.ask(
        "/sales/", who="a", headers=[("X-Own", "1"), ("User-Agent", "test"), ("Accept-Encoding", "gzip")]
    )
    got = site.apps["sales"].last
    assert sorted(got.headers) == sorted(
        [
            ("Host", f"localhost:{site.port}"),
            ("X-Portico-Identity", identity("ada", "sales")),
            ("X-Portico-Prefix", "/sales"),
            ("X-Forwarded-For", "127.0.0.1"),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", f"localhost:{site.port}"),
            ("X-Request-ID", got.header("X-Request-ID") or ""),
            ("Accept-Encoding", "gzip"),
            ("X-Own", "1"),
            ("User-Agent", "test"),
        ]
    )


@pytest.mark.parametrize(
    "name",
    [*STRIPPED_HEADERS, "X-Portico-Identity", "X-Portico-Prefix", "X-Original-Method"],
)
def test_no_client_says_who_or_where_it_is(site: FrontSite, name: str) -> None:
    for spelled in (name, name.upper(), name.lower()):
        site.ask("/open/", headers=[(spelled, "forged"), (spelled, "forged twice")])
        assert "forged" not in str(site.apps["open"].last.headers)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Request-ID"])
def test_forwarding_headers_are_overwritten(site: FrontSite, name: str) -> None:
    site.ask("/open/", headers=[(name, "forged")])
    assert "forged" not in str(site.apps["open"].last.headers)
    assert site.apps["open"].last.header(name)


@pytest.mark.parametrize(
    "name", ["X_Portico_Identity", "Remote_User", "X_Forwarded_For", "X_Portico-Identity"]
)
def test_names_with_underscores_do_not_pass_for_the_real_ones(site: FrontSite, name: str) -> None:
    site.ask("/open/", headers=[(name, "forged")])
    assert "forged" not in str(site.apps["open"].last.headers)


@pytest.mark.parametrize(
    "value", ["close, X-Portico-Identity", "X-Portico-Identity", "X-Forwarded-For, close"]
)
def test_a_connection_header_cannot_take_ours_away(site: FrontSite, value: str) -> None:
    site.ask("/sales/", who="a", headers=[("Connection", value)])
    got = site.apps["sales"].last
    assert got.header("X-Portico-Identity") == identity("ada", "sales")
    assert got.header("X-Forwarded-For") == "127.0.0.1"
    assert "connection" not in got.names


def test_host_and_scheme_come_from_the_declared_url(any_nginx: Path) -> None:
    app = example_app("sales", access=Access(public=True))
    with FrontSite(any_nginx, [app], url="https://apps.example.org") as site:
        site.ask("/sales/", host="evil.example")
        got = site.apps["sales"].last
        assert got.header("Host") == got.header("X-Forwarded-Host") == "apps.example.org"
        assert got.header("X-Forwarded-Proto") == "https"


def test_only_a_trusted_proxy_may_name_the_client(any_nginx: Path) -> None:
    app = example_app("open", access=Access(public=True))
    forwarded = [("X-Forwarded-For", "6.6.6.6, 203.0.113.7, 127.0.0.9")]
    with FrontSite(any_nginx, [app], trusted_proxies=("127.0.0.0/8",)) as site:
        site.ask("/open/", headers=forwarded)
        assert site.apps["open"].last.header("X-Forwarded-For") == "203.0.113.7"
    with FrontSite(any_nginx, [app], trusted_proxies=("10.0.0.0/8",)) as site:
        site.ask("/open/", headers=forwarded)
        assert site.apps["open"].last.header("X-Forwarded-For") == "127.0.0.1"


@pytest.mark.parametrize(("trusted", "taken"), [("127.0.0.0/8", True), ("10.0.0.0/8", False)])
def test_only_a_trusted_proxy_may_have_given_the_request_its_id(
    any_nginx: Path, trusted: str, taken: bool
) -> None:
    app = example_app("open", access=Access(public=True))
    with FrontSite(any_nginx, [app], trusted_proxies=(trusted,)) as site:
        answer = site.ask("/open/", headers=[("X-Request-ID", "0123456789abcdef")])
        seen = site.apps["open"].last.header("X-Request-ID")
        assert answer.header("X-Request-ID") == seen
        assert (seen == "0123456789abcdef") is taken
        site.ask("/open/", headers=[("X-Request-ID", "not an id")])
        assert site.apps["open"].last.header("X-Request-ID") != "not an id"


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("{c}={a}", None),
        ("{c}={a}; theme=dark", "theme=dark"),
        ("theme=dark; {c}={a}", "theme=dark"),
        ("a=1; {c}={a}; b=2", "a=1; b=2"),
        ("a=1;{c}={a};b=2", "a=1; b=2"),
        ("{c}={a}; a=1; {c}={a}", "a=1"),
        ("a=1; {c}={a}; b=2; {c}={a}; c=3", "a=1; b=2; c=3"),
        ("{c}={a}; {g}sales={a}; {g}lab={a}; a=1", "a=1"),
        ("{g}sales={a}; x=1; {g}=; y=2; {g}a-b_c", "x=1; y=2"),
        ("{c}={a}; {c}={a}; {c}={a}; {c}={a}; {c}={a}; a=1", None),
        ("a=1; {c}=; b=2", "a=1; b=2"),
        ("a=1; {c}; b=2", "a=1; b=2"),
        ("a=1; {c} = {a}; b=2", "a=1; b=2"),
        ("a=1; x{c}=2; {c}x=3", "a=1; x{c}=2; {c}x=3"),
        ("session=own", "session=own"),
    ],
)
def test_the_session_cookie_stays_out_of_apps(site: FrontSite, sent: str, seen: str | None) -> None:
    fill = {"c": site.site.session_cookie, "g": site.site.guest_cookie(""), "a": token("a")}
    site.ask("/open/", headers=[("Cookie", sent.format(**fill))])
    assert site.apps["open"].last.header("Cookie") == (seen.format(**fill) if seen else None)


def test_cookies_in_several_lines_are_stripped_too(site: FrontSite) -> None:
    session = f"{site.site.session_cookie}={token('a')}"
    site.ask("/sales/", headers=[("Cookie", "a=1"), ("Cookie", session), ("Cookie", "b=2")])
    assert site.apps["sales"].last.header("Cookie") == "a=1; b=2"


def test_a_secure_sites_session_cookie_is_known_and_stripped(any_nginx: Path) -> None:
    with FrontSite(any_nginx, [example_app("sales")], url="https://apps.example.org") as site:
        assert site.site.session_cookie.startswith("__Host-")
        assert (
            site.ask("/sales/", headers=[("Cookie", f"a=1; __Host-portico_session={token('a')}")]).status
            == 200
        )
        assert site.apps["sales"].last.header("Cookie") == "a=1"


# -- on the way out


def test_an_answer_gets_the_security_headers_that_it_lacks(site: FrontSite) -> None:
    answer = site.ask("/sales/", who="a")
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") == "strict-origin-when-cross-origin"
    assert answer.header("X-Frame-Options") == "SAMEORIGIN"
    assert answer.header("Content-Security-Policy") == "frame-ancestors 'self'"
    assert answer.header("Cache-Control") == "private, no-store"
    assert answer.header("Strict-Transport-Security") is None
    assert answer.header("X-Request-ID") == site.apps["sales"].last.header("X-Request-ID")


def test_what_an_app_says_itself_is_left_alone(site: FrontSite) -> None:
    said = [
        "X-Frame-Options: DENY",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: private, max-age=60",
        "Content-Security-Policy: default-src 'self'",
        "X-Own: 1",
    ]
    site.apps["sales"].answer = lambda _request: answering(*said)
    answer = site.ask("/sales/", who="a")
    for line in said:
        name, _, value = line.partition(": ")
        assert answer.all(name) == [value]


def test_an_apps_policy_that_says_nothing_of_frames_gets_a_second_one_that_does(site: FrontSite) -> None:
    """Browsers keep to both. One that names who may show the page stays alone."""
    for said, more in (
        ("default-src 'self'", ["frame-ancestors 'self'"]),
        ("frame-ancestors https://a.example", []),
    ):
        answer_of = answering(f"Content-Security-Policy: {said}")
        site.apps["sales"].answer = lambda _request, answer_of=answer_of: answer_of
        assert site.ask("/sales/", who="a").all("Content-Security-Policy") == [said, *more]


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [
        ("public, max-age=31536000", "private, max-age=31536000"),
        ("max-age=60, Public", "max-age=60, private"),
        ("max-age=60", "private, max-age=60"),
        ("s-maxage=60", "private, s-maxage=60"),
        ("no-cache", "private, no-cache"),
        ("no-store", "no-store"),
        ('private="x", max-age=1', 'private="x", max-age=1'),
    ],
)
def test_no_proxy_keeps_what_a_closed_app_answers(site: FrontSite, said: str, passed_on: str) -> None:
    """Behind the check everything is somebody's own, also what the app believes to be for all."""
    site.apps["sales"].answer = lambda _request: answering(f"Cache-Control: {said}")
    assert site.ask("/sales/", who="a").all("Cache-Control") == [passed_on]
    site.apps["open"].answer = lambda _request: answering(f"Cache-Control: {said}")
    assert site.ask("/open/").all("Cache-Control") == [said]


def test_an_end_without_a_cache_control_is_private_too(site: FrontSite) -> None:
    site.apps["sales"].answer = lambda _request: answering("Expires: Thu, 01 Jan 2060 00:00:00 GMT")
    assert site.ask("/sales/", who="a").all("Cache-Control") == ["private"]


def test_a_public_app_may_be_cached_as_it_likes(site: FrontSite) -> None:
    assert site.ask("/open/").header("Cache-Control") is None


def test_a_secure_site_says_so_for_a_year(any_nginx: Path) -> None:
    app = example_app("open", access=Access(public=True))
    with FrontSite(any_nginx, [app], url="https://apps.example.org") as site:
        assert site.ask("/open/").header("Strict-Transport-Security") == "max-age=31536000"
        assert site.ask("/nothing").header("Strict-Transport-Security") == "max-age=31536000"


def test_no_answer_tells_which_server_or_version_made_it(site: FrontSite) -> None:
    site.apps["open"].answer = lambda _request: answering("Server: Werkzeug/9.9 Python/9.9")
    assert site.ask("/open/").header("Server") == "nginx"
    for answer in (site.ask("/nothing"), site.ask("/open/", method="TRACE"), site.page("/sales/", who="b")):
        assert answer.header("Server") == "nginx"
        assert "nginx/" not in answer.text


@pytest.mark.parametrize("name", ["X-Portico-Identity", "X-Portico-Sign-In", "X-Portico-Prefix"])
def test_an_app_cannot_speak_for_portico(site: FrontSite, name: str) -> None:
    site.apps["open"].answer = lambda _request: answering(f"{name}: 1")
    assert site.ask("/open/").header(name) is None


def test_an_app_cannot_make_the_front_open_another_place(site: FrontSite) -> None:
    for place in ("/sales/secret", "/-/check", "/-/front/404.html", "/-/profile", "@portico_crashed"):
        site.apps["open"].answer = lambda _request, place=place: answering(f"X-Accel-Redirect: {place}")
        answer = site.ask("/open/")
        assert (answer.status, answer.body, answer.header("X-Accel-Redirect")) == (200, b"ok", None)
    assert site.apps["sales"].requests == []


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("/", "/open"),
        ("/open", "/open"),
        ("/open/", "/open/"),
        ("/open/deep", "/open/deep"),
        ("/openx", "/open"),
        ("/sales", "/open"),
        ("/-/", "/open"),
    ],
)
def test_an_apps_cookie_stays_below_its_prefix(site: FrontSite, said: str, path: str) -> None:
    site.apps["open"].answer = lambda _request: answering(f"Set-Cookie: session=1; HttpOnly; Path={said}")
    assert site.ask("/open/").header("Set-Cookie") == f"session=1; HttpOnly; Path={path}"


def test_the_cookies_of_an_app_on_its_own_host_stay_as_they_are(site: FrontSite) -> None:
    site.apps["rooted"].answer = lambda _request: answering("Set-Cookie: session=1; Path=/")
    assert site.ask("/", host="rooted.localhost").header("Set-Cookie") == "session=1; Path=/"


def test_the_gates_own_words_reach_the_browser(site: FrontSite) -> None:
    site.gate.answer = lambda _request: answering(
        "X-Portico-Sign-In: 1", "X-Frame-Options: DENY", "Set-Cookie: portico_session=x; Path=/; HttpOnly"
    )
    answer = site.ask("/-/profile")
    assert answer.header("X-Portico-Sign-In") == "1"
    assert answer.header("X-Frame-Options") == "DENY"
    assert answer.header("Set-Cookie") == "portico_session=x; Path=/; HttpOnly"


def test_the_gate_is_asked_in_the_sites_name_too(site: FrontSite) -> None:
    forged = [(name, "forged") for name in (*STRIPPED_HEADERS, "X-Portico-Identity", "X-Forwarded-For")]
    site.ask("/-/sign-in?/sales/", headers=[*forged, ("Cookie", "a=1; b=2")], host="evil.example")
    got = site.gate.last
    assert "forged" not in str(got.headers)
    assert (got.target, got.header("Host"), got.header("Cookie")) == (
        "/-/sign-in?/sales/",
        f"localhost:{site.port}",
        "a=1; b=2",
    )


def test_text_is_compressed_on_its_way_but_not_the_gates_pages(site: FrontSite) -> None:
    site.apps["open"].answer = lambda _request: answering(body="x" * 5000)
    site.gate.answer = lambda _request: answering(body="x" * 5000)
    accept = [("Accept-Encoding", "gzip")]
    assert site.ask("/open/", headers=accept).header("Content-Encoding") == "gzip"
    assert site.ask("/open/").header("Content-Encoding") is None
    assert site.ask("/-/profile", headers=accept).header("Content-Encoding") is None


def test_development_answers_only_to_its_own_name(any_nginx: Path) -> None:
    """A page elsewhere could let its name point to this machine, and read what the development tools show."""
    app = example_app("open", access=Access(public=True))
    with FrontSite(any_nginx, [app], dev=True, url="http://dev.example.org:8000") as site:
        for own in ("localhost", "127.0.0.1", "[::1]", "dev.example.org:8000", "open.localhost"):
            assert site.ask("/open/", host=own).status == 200
        for strange in ("elsewhere.example.com", "127.0.0.1.example.com", "10.1.2.3"):
            answer = site.ask("/open/", host=strange)
            assert answer.status == 421
            assert "http://dev.example.org:8000" in answer.text
            assert site.ask("/-/sign-in", host=strange).status == 421
    with FrontSite(any_nginx, [app]) as site:
        assert site.ask("/open/", host="elsewhere.example.com").status == 200
