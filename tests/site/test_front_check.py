"""The check: every request of an app that is not public asks the gate; a doubtful answer is a no."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, Request, example_app, identity, token
from portico.site import Access
from portico.site.model import Tokens

NAVIGATION = [("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate")]


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [example_app("sales"), example_app("hr"), example_app("open", access=Access(public=True))]
    with FrontSite(any_nginx, apps) as front:
        yield front
        assert not any(upstream.problems for upstream in (front.gate, *front.apps.values()))


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    site.reset()


def newcomer(site: FrontSite, letter: str, name: str = "ada") -> str:
    """A session that the front has not seen yet."""
    site.gate.door.people[token(letter)] = name
    return letter


def test_a_signed_in_person_reaches_the_app_with_the_identity_the_gate_gave(site: FrontSite) -> None:
    assert site.ask("/sales/report?x=1", who="a").status == 200
    assert site.apps["sales"].last.target == "/sales/report?x=1"
    assert site.apps["sales"].last.header("X-Portico-Identity") == identity("ada", "sales")


def test_nobody_reaches_a_closed_app(site: FrontSite) -> None:
    answer = site.ask("/sales/")
    assert answer.status == 401
    assert answer.header("X-Portico-Sign-In") == "1"
    assert answer.json()["error"] == "sign-in-required"
    assert answer.json()["sign_in"] == f"{site.site.url}/-/sign-in"
    assert site.apps["sales"].requests == []


def test_a_stranger_who_navigates_is_sent_to_sign_in_and_back(site: FrontSite) -> None:
    answer = site.page("/sales/page?x=1&y=a%20b")
    assert (answer.status, answer.header("Location")) == (
        302,
        f"{site.site.url}/-/sign-in?/sales/page?x=1&y=a%20b",
    )
    assert answer.header("Cache-Control") == "private, no-store"


def test_an_old_browser_navigates_without_fetch_metadata(site: FrontSite) -> None:
    assert site.ask("/sales/", headers=[("Accept", "text/html,*/*")]).status == 302
    assert site.ask("/sales/", headers=[("Accept", "application/json, text/html")]).status == 401
    assert site.ask("/sales/", headers=[("Accept", "*/*")]).status == 401


@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin", "websocket"])
def test_what_a_page_fetches_gets_401_and_no_redirect(site: FrontSite, mode: str) -> None:
    answer = site.ask("/sales/", headers=[("Accept", "text/html"), ("Sec-Fetch-Mode", mode)])
    assert answer.status == 401


def test_a_form_sent_after_the_session_ended_gets_a_page_not_a_redirect(site: FrontSite) -> None:
    answer = site.ask("/sales/", method="POST", headers=NAVIGATION, body=b"a=1")
    assert answer.status == 401
    assert "sign in" in answer.text.lower()


def test_a_person_without_the_role_is_turned_away(site: FrontSite) -> None:
    answer = site.ask("/hr/", who="b")
    assert (answer.status, answer.json()["error"]) == (403, "forbidden")
    page = site.page("/hr/", who="b")
    assert page.status == 403
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert site.apps["hr"].requests == []


def test_a_public_app_asks_nobody_and_gets_no_identity(site: FrontSite) -> None:
    assert site.ask("/open/", who="a").status == 200
    assert "x-portico-identity" not in site.apps["open"].last.names
    assert site.gate.checks == []


def test_the_gate_is_asked_once_for_many_requests(site: FrontSite) -> None:
    who = newcomer(site, "c")
    assert [site.ask(f"/sales/{n}", who=who).status for n in range(20)] == [200] * 20
    assert site.gate.checks == ["sales"]


def test_an_answer_for_one_app_says_nothing_about_another(site: FrontSite) -> None:
    who = newcomer(site, "d", "bob")
    assert site.ask("/sales/", who=who).status == 200
    assert site.ask("/hr/", who=who).status == 403
    assert site.gate.checks == ["sales", "hr"]


def test_a_revoked_session_is_out_when_the_cached_answer_ends(site: FrontSite) -> None:
    who = newcomer(site, "e")
    assert site.ask("/sales/", who=who).status == 200
    del site.gate.door.people[token("e")]
    deadline = time.monotonic() + site.site.check_cache + 3  # a loaded machine is slow
    while site.ask("/sales/", who=who).status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert site.ask("/sales/", who=who).status == 401


def test_a_new_session_is_in_at_once_although_strangers_were_just_refused(site: FrontSite) -> None:
    assert site.ask("/sales/").status == 401
    assert site.ask("/sales/", who=newcomer(site, "f")).status == 200


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oops", "503 Busy"])
def test_an_answer_of_the_gate_that_is_no_yes_is_a_no(site: FrontSite, status: str) -> None:
    def strange(_request: Request) -> bytes:
        return f"HTTP/1.1 {status}\r\nLocation: /\r\nContent-Length: 2\r\n\r\nok".encode()

    site.gate.answer = strange
    answer = site.ask("/sales/", who={"302": "g", "404": "h", "500": "i", "503": "j"}[status[:3]])
    assert (answer.status, answer.json()["error"]) == (503, "unavailable")
    assert site.apps["sales"].requests == []


def test_while_the_gate_is_down_nobody_enters_and_public_apps_go_on(any_nginx: Path) -> None:
    apps = [example_app("sales"), example_app("open", access=Access(public=True))]
    with FrontSite(any_nginx, apps, check_cache=2.0) as site:
        assert site.ask("/sales/", who="a").status == 200
        site.gate.close()
        time.sleep(2.2)
        answer = site.ask("/sales/", who="a")
        assert (answer.status, answer.json()["error"]) == (503, "unavailable")
        assert site.page("/sales/", who="a").status == 503
        assert site.ask("/sales/").status == 503
        assert len(site.apps["sales"].requests) == 1
        assert site.ask("/open/").status == 200
        assert site.page("/-/sign-in").status == 502


def test_a_gate_that_hangs_up_lets_nobody_in(site: FrontSite) -> None:
    site.gate.answer = lambda _request: None
    assert site.ask("/sales/", who="l").status == 503
    assert site.apps["sales"].requests == []


@pytest.mark.parametrize(
    "value",
    ["a" * 42, "a" * 44, "a" * 42 + ".", '"' + "a" * 43 + '"', "a" * 43 + " x", "", "a" * 42 + "%61"],
)
def test_a_malformed_session_cookie_is_no_session(site: FrontSite, value: str) -> None:
    site.gate.door.people[value] = "ada"
    cookie = f"{site.site.session_cookie}={value}"
    assert site.ask("/sales/", headers=[("Cookie", cookie)]).status == 401
    assert site.apps["sales"].requests == []


@pytest.mark.parametrize(
    "cookies",
    [
        "{c}={a}; {c}={a}",
        "{c}={b}; {c}={a}",
        "x=1; {c}={a}; y=2; {c}=junk",
        "{c}=; {c}={a}",
    ],
)
def test_two_session_cookies_are_no_session(site: FrontSite, cookies: str) -> None:
    cookie = cookies.format(c=site.site.session_cookie, a=token("a"), b=token("b"))
    assert site.ask("/sales/", headers=[("Cookie", cookie)]).status == 401
    split = [("Cookie", part) for part in cookie.split("; ")]
    assert site.ask("/sales/", headers=split).status == 401


@pytest.mark.parametrize("other", ["x{c}", "{c}x", "{C}", "a.{c}"])
def test_a_cookie_whose_name_only_resembles_ours_is_no_session(site: FrontSite, other: str) -> None:
    name = other.format(c=site.site.session_cookie, C=site.site.session_cookie.upper())
    assert site.ask("/sales/", headers=[("Cookie", f"{name}={token('a')}")]).status == 401


def test_the_session_cookie_counts_wherever_it_stands(site: FrontSite) -> None:
    ours = f"{site.site.session_cookie}={token('a')}"
    for cookie in (f"a=1; {ours}", f"{ours}; a=1", f"a=1;{ours};b=2", f"a=1; {ours} ; b=2"):
        assert site.ask("/sales/", headers=[("Cookie", cookie)]).status == 200, cookie


def test_the_gate_is_told_no_more_than_its_answer_may_rest_on(site: FrontSite) -> None:
    extra = [
        ("Cookie", f"other=1; {site.site.session_cookie}={token('m')}"),
        ("Authorization", "Basic dTpw"),
        ("X-Anything", "1"),
    ]
    site.ask("/sales/x", method="POST", headers=extra, body=b"secret")
    asked = site.gate.last
    assert (asked.method, asked.target, asked.body) == ("GET", "/-/check/sales", b"")
    assert asked.header("Cookie") == f"{site.site.session_cookie}={token('m')}"
    assert asked.names.isdisjoint({"authorization", "x-anything", "content-type", "x-portico-identity"})
    assert asked.header("X-Forwarded-For") == "127.0.0.1"
    assert asked.header("Host") == f"localhost:{site.port}"


def test_a_token_of_ours_is_part_of_the_question_and_never_reaches_the_app(site: FrontSite) -> None:
    good, bad = f"ptk_{'g' * 49}", f"ptk_{'b' * 49}"
    site.gate.door.people[f"Bearer {good}"] = "ada"
    headers = [("Authorization", f"Bearer {good}")]
    assert site.ask("/sales/", headers=headers).status == 200
    assert "authorization" not in site.apps["sales"].last.names
    assert site.ask("/sales/", headers=[("Authorization", f"Bearer {bad}")]).status == 401
    assert site.ask("/sales/").status == 401
    for spelt in (f"bearer  {good}", "Bearer ptk_short"):
        site.ask("/open/", headers=[("Authorization", spelt)])
        assert "authorization" not in site.apps["open"].last.names


def test_an_api_token_has_a_measure_of_its_own(any_nginx: Path) -> None:
    """Beyond it a program reads 429 and when to come back; other tokens, sessions and strangers go on."""
    one, two = (f"ptk_{letter * 49}" for letter in "gh")
    with FrontSite(any_nginx, [example_app("sales")], tokens=Tokens(rate=6)) as site:
        site.gate.door.people |= {f"Bearer {one}": "ada", f"Bearer {two}": "ada"}
        statuses = [site.ask("/sales/", headers=[("Authorization", f"Bearer {one}")]) for _ in range(5)]
        assert [answer.status for answer in statuses] == [200, 200, 429, 429, 429]
        assert statuses[-1].json()["error"] == "too-many-requests"
        assert statuses[-1].header("Retry-After") == "10"
        assert len(site.apps["sales"].requests) == 2
        assert site.ask("/-/api/people", headers=[("Authorization", f"Bearer {one}")]).status == 429
        assert site.ask("/sales/", headers=[("Authorization", f"Bearer {two}")]).status == 200
        assert [site.ask("/sales/", who="a").status for _ in range(5)] == [200] * 5


def test_a_token_of_a_site_with_copies_is_counted_by_the_gate(any_nginx: Path) -> None:
    """Asked about each request; its "too many" is a 429 for the program, its other refusals stay what they are."""
    one = f"ptk_{'k' * 49}"
    shown = [("Authorization", f"Bearer {one}")]
    with FrontSite(any_nginx, [example_app("sales")], database_url="postgresql://x/y") as site:
        site.gate.door.people[f"Bearer {one}"] = "ada"
        assert [site.ask("/sales/", headers=shown).status for _ in range(3)] == [200] * 3
        assert site.gate.checks == ["sales"] * 3
        site.gate.answer = lambda _request: (
            b"HTTP/1.1 403 Forbidden\r\nX-Portico-Wait: 3\r\nContent-Length: 0\r\n\r\n"
        )
        for method in ("GET", "POST"):
            refused = site.ask("/sales/", method=method, headers=shown)
            assert (refused.status, refused.json()["error"]) == (429, "too-many-requests")
            assert refused.header("Retry-After") == "1"
            assert refused.header("X-Portico-Wait") is None
        site.gate.answer = lambda _request: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        plain = site.ask("/sales/", headers=shown)
        assert (plain.status, plain.json()["error"]) == (403, "forbidden")
        site.gate.reset()
        assert [site.ask("/sales/", who="a").status for _ in range(3)] == [200] * 3
        assert site.gate.checks == ["sales"]  # sessions are kept as everywhere


def test_an_apps_own_authorization_is_the_apps_affair(site: FrontSite) -> None:
    headers = [("Authorization", "Basic dXNlcjpwYXNz")]
    site.ask("/sales/", who="a", headers=headers)
    assert site.apps["sales"].last.header("Authorization") == "Basic dXNlcjpwYXNz"
    site.apps["sales"].answer = lambda _request: (
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 5\r\n\r\nmine!'
    )
    answer = site.page("/sales/", who="a")
    assert (answer.status, answer.body, answer.header("WWW-Authenticate")) == (
        401,
        b"mine!",
        'Basic realm="x"',
    )
    assert answer.header("X-Portico-Sign-In") is None


@pytest.mark.parametrize("origin", ["http://elsewhere.example.com", "null", "http://localhost.example.com"])
def test_a_page_elsewhere_opens_no_websocket_in_somebodys_name(site: FrontSite, origin: str) -> None:
    """A neighbour under the same registered name would get the session's cookie from the browser."""
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", "eA==")]
    assert site.ask("/sales/ws", who="a", headers=[*upgrade, ("Origin", origin)]).status == 403
    assert site.apps["sales"].requests == []
    for own in (site.site.url, f"http://localhost:{site.port}"):
        assert site.ask("/sales/ws", who="a", headers=[*upgrade, ("Origin", own)]).status == 200
    assert site.ask("/sales/ws", who="a", headers=upgrade).status == 200  # a program, not a page
    assert site.ask("/sales/", who="a", headers=[("Origin", origin)]).status == 200
    assert site.ask("/open/ws", headers=[*upgrade, ("Origin", origin)]).status == 200


def test_a_websocket_is_checked_before_it_opens(site: FrontSite) -> None:
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", "eA=="),
               ("Sec-WebSocket-Version", "13")]  # fmt: skip
    assert site.ask("/sales/_dash-ws-callback", headers=upgrade).status == 401
    assert site.ask("/hr/ws", who="b", headers=upgrade).status == 403
    assert site.apps["sales"].requests == site.apps["hr"].requests == []


def test_the_check_and_the_pages_cannot_be_asked_from_outside(site: FrontSite) -> None:
    paths = (
        "/-/check", "/-/check/", "/-/check/sales", "/-//check/sales", "/-/%63heck/sales", "/-/check?x",
        "/-/front/404.html", "/-/front/", "/-/crashed/sales",
    )  # fmt: skip
    for path in paths:
        assert site.ask(path, who="a").status == 404, path
    assert site.gate.requests == []


def test_a_long_check_cache_is_kept_below_the_life_of_an_identity(any_nginx: Path) -> None:
    with FrontSite(any_nginx, [example_app("sales")], check_cache=3600.0) as site:
        assert "proxy_cache_valid 204 401 403 29s;" in (site.layout.nginx / "nginx.conf").read_text()


def test_without_a_check_cache_the_gate_is_asked_every_time(any_nginx: Path) -> None:
    with FrontSite(any_nginx, [example_app("sales")], check_cache=0.0) as site:
        assert [site.ask("/sales/", who="a").status for _ in range(3)] == [200] * 3
        assert site.gate.checks == ["sales"] * 3
