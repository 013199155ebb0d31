"""Dash's bundles and assets: fetched from the app once a release, compressed once, and only for those who may."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, Request, example_app
from portico.site import Access

GZIP = [("Accept-Encoding", "gzip, deflate, br")]
CONSENT = "X-Accel-Expires: 86400"


def bundle(*headers: str, status: str = "200 OK") -> object:
    """An app like Dash behind our runner: compresses when asked with gzip."""

    def answer(request: Request) -> bytes:
        body = b"var bundle = 1;" * 200
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/javascript", *headers]
        if "gzip" in (request.header("Accept-Encoding") or ""):
            body = gzip.compress(body)
            lines.append("Content-Encoding: gzip")
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    return answer


@pytest.fixture(scope="module")
def running(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [example_app("sales"), example_app("open", access=Access(public=True)),
            example_app("other", path="/sales/assets", access=Access(public=True)), example_app("hr")]  # fmt: skip
    with FrontSite(any_nginx, apps, release={app.name: "r1" for app in apps}) as front:
        front.gate.door.may["bob"].add("hr")
        yield front


@pytest.fixture
def site(running: FrontSite) -> FrontSite:
    running.reset()
    for app in running.apps.values():
        app.answer = bundle()  # type: ignore[assignment]
    return running


def fetched(site: FrontSite, app: str) -> int:
    """How often the app was asked."""
    return len(site.apps[app].requests)


def test_a_bundle_is_fetched_once_and_kept_compressed(site: FrontSite) -> None:
    target = "/sales/_dash-component-suites/dash/one.js"
    answers = [site.ask(target, who="a", headers=GZIP) for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert {answer.header("Content-Encoding") for answer in answers} == {"gzip"}
    assert gzip.decompress(answers[2].body) == b"var bundle = 1;" * 200
    assert site.apps["sales"].last.header("Accept-Encoding") == "gzip"
    assert fetched(site, "sales") == 1


def test_those_who_cannot_read_gzip_have_their_own_copy(site: FrontSite) -> None:
    target = "/sales/_dash-component-suites/dash/two.js"
    for _ in range(2):
        for headers, encoding in ((GZIP, "gzip"), ([], None), ([("Accept-Encoding", "gzip;q=0, br")], None)):
            answer = site.ask(target, who="a", headers=headers)
            assert answer.header("Content-Encoding") == encoding
    assert fetched(site, "sales") == 2


def test_a_cached_bundle_is_as_closed_as_the_app(site: FrontSite) -> None:
    target = "/sales/_dash-component-suites/dash/three.js"
    assert site.ask(target, who="a").status == 200
    assert site.ask(target).status == 401
    site.gate.door.people["n" * 43] = "nobody"
    assert site.ask(target, who="n").status == 403


def test_failures_are_not_kept(site: FrontSite) -> None:
    target = "/sales/_dash-component-suites/dash/four.js"
    for status in ("404 Not Found", "500 Oops", "302 Found"):
        site.apps["sales"].answer = bundle("Location: /x", status=status)  # type: ignore[assignment]
        assert site.ask(target, who="a").status == int(status[:3])
    site.apps["sales"].answer = bundle()  # type: ignore[assignment]
    assert site.ask(target, who="a").status == 200


def test_only_gets_are_kept(site: FrontSite) -> None:
    target = "/open/_dash-component-suites/five.js"
    for _ in range(2):
        assert site.ask(target, method="POST", body=b"1").status == 200
    assert fetched(site, "open") == 2


def test_assets_are_kept_only_with_the_runners_consent(site: FrontSite) -> None:
    """An app that is not Dash may have personal things below /assets/, whatever its Cache-Control says."""
    for headers in ([], ["Cache-Control: public, max-age=600"], ["Cache-Control: no-cache", 'ETag: "1"']):
        site.reset()
        site.apps["open"].answer = bundle(*headers)  # type: ignore[assignment]
        for _ in range(2):
            site.ask("/open/assets/mine.js")
        assert fetched(site, "open") == 2
    site.reset()
    site.apps["open"].answer = bundle("Cache-Control: no-cache", CONSENT)  # type: ignore[assignment]
    for _ in range(2):
        answer = site.ask("/open/assets/style.js")
        assert answer.header("X-Accel-Expires") is None
        assert answer.header("Cache-Control") == "no-cache"
    assert fetched(site, "open") == 1


def test_an_answer_with_a_cookie_is_somebodys_own(site: FrontSite) -> None:
    site.apps["open"].answer = bundle("Set-Cookie: session=1", CONSENT)  # type: ignore[assignment]
    for _ in range(2):
        assert site.ask("/open/assets/cookie.js").header("Set-Cookie") == "session=1"
    assert fetched(site, "open") == 2


def test_no_asset_of_a_closed_app_is_kept(site: FrontSite) -> None:
    """It may be a route that says who asks: what Ada got is not what Bob gets. The browser's own copy does."""
    site.apps["hr"].answer = bundle(CONSENT)  # type: ignore[assignment]
    for who in ("a", "b", "a"):
        assert site.ask("/hr/assets/mine.css", who=who, headers=[("If-None-Match", '"1"')]).status == 200
        assert site.apps["hr"].last.header("If-None-Match") == '"1"'
    assert fetched(site, "hr") == 3


@pytest.mark.parametrize("own", [("Authorization", "Basic YTpi"), ("Cookie", "app=1")])
def test_who_an_app_may_know_by_itself_gets_no_kept_asset(site: FrontSite, own: tuple[str, str]) -> None:
    """By a cookie or an Authorization of its own: nothing of theirs is kept, and nothing kept is for them."""
    site.apps["open"].answer = bundle(CONSENT)  # type: ignore[assignment]
    target = f"/open/assets/{own[0]}.css"
    site.ask(target, headers=[own])
    site.ask(target)
    site.ask(target)
    site.ask(target, headers=[own])
    assert fetched(site, "open") == 3


def test_query_and_spelling_make_another_bundle(site: FrontSite) -> None:
    for target in ("/open/_dash-component-suites/six.js", "/open/_dash-component-suites/six.js?m=1",
                   "/open/_dash-component-suites/six%2ejs"):  # fmt: skip
        site.ask(target)
    assert fetched(site, "open") == 3


def test_an_app_at_the_path_of_anothers_assets_is_left_alone(site: FrontSite) -> None:
    for _ in range(2):
        assert site.ask("/sales/assets/x.js").status == 200
    assert (fetched(site, "other"), fetched(site, "sales")) == (2, 0)


def test_everything_else_is_always_asked_for(site: FrontSite) -> None:
    site.apps["open"].answer = bundle("Cache-Control: public, max-age=600", CONSENT)  # type: ignore[assignment]
    for target in ("/open/", "/open/_dash-layout", "/open/x/assets/a.js"):
        site.reset()
        site.apps["open"].answer = bundle("Cache-Control: public, max-age=600", CONSENT)  # type: ignore[assignment]
        for _ in range(2):
            site.ask(target)
        assert fetched(site, "open") == 2


def test_another_release_is_fetched_anew_and_the_cache_outlives_a_start(any_nginx: Path) -> None:
    target = "/open/_dash-component-suites/seven.js"
    with FrontSite(
        any_nginx, [example_app("open", access=Access(public=True))], release={"open": "r1"}
    ) as site:
        site.apps["open"].answer = bundle()  # type: ignore[assignment]
        counts = []
        for release in ("r1", "r1", "r2"):
            site.release = {"open": release}
            if counts:
                site.start_again()
            site.ask(target)
            site.ask(target)
            counts.append(fetched(site, "open"))
        assert counts == [1, 1, 2]


def test_in_development_nothing_is_kept(any_nginx: Path) -> None:
    app = example_app("open", access=Access(public=True))
    with FrontSite(any_nginx, [app], release={"open": "r1"}, dev=True) as site:
        site.apps["open"].answer = bundle(CONSENT)  # type: ignore[assignment]
        for _ in range(2):
            site.ask("/open/_dash-component-suites/eight.js")
        assert fetched(site, "open") == 2
