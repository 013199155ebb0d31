"""What people and programs read when no app can answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, Response, example_app, token
from portico.site import Access


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [
        example_app("sales", title='Sales & "Costs" <in $, €>', max_body=1000),
        example_app("open", access=Access(public=True)),
        example_app("slow", access=Access(public=True), request_timeout=1.0, start_timeout=1.0),
    ]
    with FrontSite(any_nginx, apps, name="Example <Analytics>") as front:
        yield front


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    site.reset()


def is_branded(answer: Response) -> bool:
    """A whole page of ours: named after the site, never cached, nothing in it that runs."""
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.header("Cache-Control") == "no-store"
    assert "default-src 'none'" in (answer.header("Content-Security-Policy") or "")
    assert "<!--#" not in answer.text
    assert "Traceback" not in answer.text
    assert "nginx" not in answer.text
    return "Example &lt;Analytics&gt;" in answer.text


def test_not_found(site: FrontSite) -> None:
    page = site.page("/nothing")
    assert page.status == 404
    assert is_branded(page)
    assert site.ask("/nothing").json()["error"] == "not-found"


def test_not_found_is_the_answer_to_a_form_too(site: FrontSite) -> None:
    headers = [("Sec-Fetch-Mode", "navigate"), ("Accept", "text/html")]
    answer = site.ask("/nothing", method="POST", headers=headers, body=b"x=1")
    assert answer.status == 404
    assert is_branded(answer)


def test_too_large_by_its_announced_length(site: FrontSite) -> None:
    answer = site.ask("/sales/", method="POST", who="a", body=b"x" * 1001)
    assert (answer.status, answer.json()["error"]) == (413, "too-large")
    assert site.ask("/sales/", method="POST", who="a", body=b"x" * 1000).status == 200
    assert site.ask("/open/", method="POST", body=b"x" * 1001).status == 200


def test_too_large_while_it_comes_in_chunks(site: FrontSite) -> None:
    chunks = b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n"
    head = (
        f"POST /sales/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
        f"Cookie: {site.site.session_cookie}={token('a')}\r\n\r\n"
    )
    assert site.raw(head.encode() + chunks).startswith(b"HTTP/1.1 413 ")
    assert site.apps["sales"].requests == []


def test_too_large_as_a_page(site: FrontSite) -> None:
    headers = [("Sec-Fetch-Mode", "navigate")]
    answer = site.ask("/sales/", method="POST", who="a", body=b"x" * 1001, headers=headers)
    assert answer.status == 413
    assert is_branded(answer)


def test_headers_beyond_the_limit(site: FrontSite) -> None:
    assert site.ask("/open/?" + "x" * 12_000).status == 200
    for target, headers in (("/open/?" + "x" * 20_000, []), ("/open/", [("X-Own", "x" * 20_000)])):
        answer = site.ask(target, headers=headers)
        assert answer.status == 414
        assert "nginx" not in answer.text


def test_what_is_no_http_is_refused_without_a_word_about_the_server(site: FrontSite) -> None:
    answer = site.raw(b"nonsense\r\n\r\n")
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"nginx/" not in answer


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_methods_that_no_app_needs_are_refused(site: FrontSite, method: str) -> None:
    assert site.ask("/open/", method=method).status in (400, 405)
    assert site.apps["open"].requests == []


def test_an_app_that_hangs_up(site: FrontSite) -> None:
    site.apps["open"].answer = lambda _request: None
    page = site.page("/open/x?a=<b>")
    assert page.status == 502
    assert is_branded(page)
    assert "a=&lt;b&gt;" in page.text
    assert site.ask("/open/").json()["error"] == "no-answer"


def test_an_app_that_takes_too_long(site: FrontSite) -> None:
    import time

    def late(_request: object) -> None:
        time.sleep(8)

    site.apps["slow"].answer = late  # type: ignore[assignment]
    answer = site.ask("/slow/")
    assert (answer.status, answer.json()["error"]) == (504, "timeout")


def test_an_apps_own_errors_are_the_apps(site: FrontSite) -> None:
    site.apps["open"].answer = lambda _request: (
        b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nmine"
    )
    assert (site.page("/open/").status, site.page("/open/").body) == (500, b"mine")


# -- starting


def test_a_person_waits_on_a_page_that_opens_by_itself(site: FrontSite) -> None:
    (site.layout.starting / "sales").touch()
    page = site.page("/sales/x?y", who="a")
    assert page.status == 503
    assert page.header("Retry-After") == "2"
    assert re.search(r'http-equiv="refresh" content="2"', page.text)
    assert "Sales &amp; &quot;Costs&quot; &lt;in $, €&gt;" in page.text
    assert is_branded(page)
    assert site.apps["sales"].requests == []
    (site.layout.starting / "sales").unlink()
    assert site.page("/sales/x?y", who="a").status == 200


def test_everything_but_a_navigation_waits_in_the_apps_queue(site: FrontSite) -> None:
    (site.layout.starting / "sales").touch()
    assert site.ask("/sales/x", who="a").status == 200
    headers = [("Sec-Fetch-Mode", "navigate"), ("Accept", "text/html")]
    assert site.ask("/sales/x", method="POST", who="a", headers=headers, body=b"1").status == 200


def test_a_starting_app_is_as_closed_as_any(site: FrontSite) -> None:
    (site.layout.starting / "sales").touch()
    assert site.page("/sales/").status == 302
    assert site.ask("/sales/").status == 401
    site.gate.door.people[token("n")] = "nobody"
    assert site.page("/sales/", who="n").status == 403


def test_a_public_app_that_starts_shows_it_to_everyone(site: FrontSite) -> None:
    (site.layout.starting / "open").touch()
    page = site.page("/open/")
    assert page.status == 503
    assert "Open" in page.text
    assert is_branded(page)


# -- crashed


def test_a_crashed_apps_page_comes_from_the_gate(site: FrontSite) -> None:
    (site.layout.crashed / "sales").write_text("boom")
    assert site.page("/sales/x", who="a").body == b"gate /-/crashed/sales"
    asked = site.gate.last
    assert asked.header("Cookie") == f"{site.site.session_cookie}={token('a')}"
    headers = [("Sec-Fetch-Mode", "navigate")]
    assert (
        site.ask("/sales/", method="POST", who="a", headers=headers, body=b"1").body
        == b"gate /-/crashed/sales"
    )
    assert (site.gate.last.method, site.gate.last.body) == ("GET", b"")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_programs_read_that_an_app_crashed(site: FrontSite, method: str) -> None:
    (site.layout.crashed / "sales").write_text("boom")
    (site.layout.crashed / "open").write_text("boom")
    for target in ("/sales/x", "/open/x"):
        answer = site.ask(target, method=method, who="a", body=None if method == "GET" else b"1")
        assert (answer.status, answer.json()["error"]) == (503, "crashed")
        assert answer.header("Retry-After") == "2"


def test_a_crashed_app_is_as_closed_as_any(site: FrontSite) -> None:
    (site.layout.crashed / "sales").write_text("boom")
    assert site.page("/sales/").status == 302
    assert site.ask("/sales/", method="POST", body=b"1").status == 401
    site.gate.door.people[token("n")] = "nobody"
    assert site.page("/sales/", who="n").status == 403
    assert all("crashed" not in request.target for request in site.gate.requests)


def test_a_crashed_public_app_shows_it_to_everyone(site: FrontSite) -> None:
    (site.layout.crashed / "open").write_text("boom")
    assert site.page("/open/").body == b"gate /-/crashed/open"


def test_a_crash_page_is_there_even_when_the_gate_is_down(any_nginx: Path) -> None:
    with FrontSite(any_nginx, [example_app("open", access=Access(public=True))]) as site:
        (site.layout.crashed / "open").write_text("boom")
        site.gate.close()
        page = site.page("/open/")
        assert page.status == 503
        assert "stopped" in page.text


# -- too many


def test_guessing_passwords_is_slowed_down_and_nothing_else(site: FrontSite) -> None:
    statuses = [site.ask("/-/sign-in?/x", method="POST", body=b"a=1").status for _ in range(40)]
    assert statuses[:21] == [200] * 21
    assert statuses[-1] == 429
    page = site.ask("/-/forgot", method="POST", body=b"", headers=[("Sec-Fetch-Mode", "navigate")])
    assert page.status == 429
    assert is_branded(page)
    assert site.page("/-/sign-in").status == 200
    assert site.ask("/-/profile", method="POST", body=b"a=1").status == 200
    assert site.ask("/open/", method="POST", body=b"a=1").status == 200
