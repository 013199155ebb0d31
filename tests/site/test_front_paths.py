"""Which address belongs to whom, and the tricks with addresses that must not lead to another app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, example_app, identity
from portico.site import Access
from site_process import free_port

PUBLIC = Access(public=True)


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [
        example_app("sales"),
        example_app("hr"),
        example_app("deep", path="/sales/deep/er"),
        example_app("dotted", path="/v1.0/sum"),
        example_app("own", host="own.localhost"),
        example_app("both", host="both.localhost", path="/both", access=PUBLIC),
        example_app("port", port=free_port(), access=PUBLIC),
        example_app("login", path="/login", access=PUBLIC),
    ]
    with FrontSite(any_nginx, apps) as front:
        yield front
        assert not any(upstream.problems for upstream in (front.gate, *front.apps.values()))


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    site.reset()


def reached(site: FrontSite) -> dict[str, str]:
    """App (or "gate") -> the target of the one request that it got."""
    found = {name: upstream.requests for name, upstream in site.apps.items()}
    found["gate"] = [request for request in site.gate.requests if "/-/check/" not in request.target]
    assert all(len(requests) < 2 for requests in found.values())
    return {name: requests[0].target for name, requests in found.items() if requests}


@pytest.mark.parametrize(
    ("target", "app"),
    [
        ("/sales/", "sales"),
        ("/sales/x/y?z=/hr/", "sales"),
        ("/sales/deep", "sales"),
        ("/sales/deep/", "sales"),
        ("/sales/deep/erx", "sales"),
        ("/sales/deep/er/", "deep"),
        ("/sales/deep/er/x", "deep"),
        ("/sales//x", "sales"),
        ("/sales/a%2fb%20c/%C3%A9?q=%2F", "sales"),
        ("/sales/a;b=c/d", "sales"),
        ("/sales/..a/...", "sales"),
        ("/sales/.hidden", "sales"),
        ("/v1.0/sum/", "dotted"),
        ("/login/", "login"),
    ],
)
def test_the_longest_path_wins_and_the_app_sees_what_was_asked(
    site: FrontSite, target: str, app: str
) -> None:
    assert site.ask(target, who="a").status == 200
    assert reached(site) == {app: target}
    if app != "login":
        assert site.apps[app].last.header("X-Portico-Identity") == identity("ada", app)
    assert target.startswith(site.apps[app].last.header("X-Portico-Prefix") or "?")


@pytest.mark.parametrize(
    "target",
    ["/salesx", "/salesx/", "/sale", "/SALES/", "/Sales/", "/sales;x/", "/sales.", "/sales%20/", "/v1x0/sum/",
     "/x/sales/", "/sales%3f/", "/sales%23/", "/%73ales/", "/sales%2f", "/sales%2fx", "/s%61les/x",
     "/sales/deep%2fer/x", "/sales%2fdeep/er/x", "/sales//deep/er/", "/-x/"],
)  # fmt: skip
def test_an_address_that_only_resembles_a_path_is_nobodys(site: FrontSite, target: str) -> None:
    status = site.ask(target, who="a").status
    if target in ("/sales//deep/er/",):
        assert status in (200, 404)
        assert "deep" not in reached(site)
    else:
        assert status == 404
        assert reached(site) == {}


@pytest.mark.parametrize(
    "target",
    [
        "//sales/", "///sales/", "//hr/", "//evil.example/sales", "//evil.example/%2e%2e/sales/", "/sales/../hr/",
        "/sales/./x", "/sales/..", "/sales/.", "/sales/%2e%2e/hr/", "/sales/%2E%2E/hr/", "/sales/.%2e/hr/",
        "/sales/%2e./hr/", "/sales/..%2fhr/", "/sales%2f..%2fhr/", "/sales/%2e%2e%2fhr%2f", "/sales/..;/hr/",
        "/sales/..%3b/hr/", "/sales/%2e%2e;x/hr/", "/sales/..?x", "/sales/..\\hr/", "/sales\\..\\hr/",
        "/\\evil.example/sales/", "/sales/..%5chr/", "/hr/x/../../sales/", "/sales/../sales/", "/sales/%2e/",
        "/../sales/", "/-/../sales/", "/-/%2e/check%20x", "/-/./front/404.html",
        "/sales/../-/front/404.html", "/sales/../-/check/sales", "/x/../login",
        "/sales/#", "/sales/..#", "/sales/x/..#", "/hr#/../sales/",
    ],
)  # fmt: skip
def test_an_address_that_no_browser_sends_is_refused(site: FrontSite, target: str) -> None:
    for who in ("", "a", "b"):
        answer = site.page(target, who=who)
        assert answer.status == (404 if "/front/" in target else 400)  # the pages' own place is nobody's
        assert answer.header("Location") is None
    assert reached(site) == {}


@pytest.mark.parametrize(
    "target", ["/sales/%00", "/sales/%00/../hr/", "/sales/\x00", "/sales/%", "/sales/%zz", "/../../x"]
)
def test_an_address_that_nginx_cannot_read_is_refused(site: FrontSite, target: str) -> None:
    assert site.ask(target, who="a").status == 400
    assert reached(site) == {}


@pytest.mark.parametrize(
    "target", ["/sales/%0d%0aSet-Cookie:x", "/sales?%0d%0aX-Evil:1", "/nothing%0d%0aX-Evil:1"]
)
def test_line_breaks_in_an_address_stay_encoded(site: FrontSite, target: str) -> None:
    for who in ("", "a"):
        answer = site.page(target, who=who)
        assert answer.header("X-Evil") is None
        assert answer.header("Set-Cookie") is None


def test_whoever_may_enter_one_app_reaches_no_other_through_it(site: FrontSite) -> None:
    """bob may enter sales only: every address that begins with /sales/ ends there or nowhere."""
    middles = [
        "",
        "x/",
        "deep/",
        "%2e%2e/",
        "..;/",
        "..%2f",
        "..%5c",
        "%252e%252e/",
        "%252e%252e%252f",
        "//",
        "/",
    ]
    for middle in middles:
        for tail in ("hr/secret", "deep/er/secret", "-/check/hr", "er/secret"):
            site.reset()
            site.ask(f"/sales/{middle}{tail}", who="b")
            assert set(reached(site)) <= {"sales"}, (middle, tail)
            if site.apps["sales"].requests:
                assert site.apps["sales"].last.target.startswith("/sales/")


def test_a_path_without_its_slash_leads_to_it(site: FrontSite) -> None:
    for method in ("GET", "HEAD"):
        answer = site.ask("/sales?x=1&y=//evil.example", method=method, who="a")
        assert (answer.status, answer.header("Location")) == (308, "/sales/?x=1&y=//evil.example")
    assert reached(site) == {}


def test_a_post_to_a_path_without_its_slash_reaches_the_app(site: FrontSite) -> None:
    assert site.ask("/sales?x", method="POST", who="a", body=b"1").status == 200
    assert reached(site) == {"sales": "/sales/?x"}
    assert site.ask("/hr", method="POST", who="b", body=b"1").status == 403


def test_an_absolute_address_in_the_request_line_changes_nothing(site: FrontSite) -> None:
    assert site.ask("http://evil.example/sales/x", who="a", host="evil.example").status == 200
    assert reached(site) == {"sales": "/sales/x"}
    assert site.apps["sales"].last.header("Host") == f"localhost:{site.port}"


def test_the_portal_stands_at_the_root_when_no_app_does(site: FrontSite) -> None:
    assert site.page("/").status == 200
    assert reached(site) == {"gate": "/"}


def test_an_app_at_the_root_gets_everything_else(any_nginx: Path) -> None:
    apps = [example_app("main", path="/", access=PUBLIC), example_app("hr")]
    with FrontSite(any_nginx, apps) as site:
        for target in ("/", "/anything/x?y", "/login", "/hrx", "/a//b"):
            site.reset()
            assert site.ask(target).status == 200
            assert reached(site) == {"main": target}
            assert site.apps["main"].last.header("X-Portico-Prefix") is None
        assert site.ask("/hr/").status == 401
        site.reset()
        site.page("/-/profile")
        assert reached(site) == {"gate": "/-/profile"}


@pytest.mark.parametrize(
    "target", ["/register", "/forgot", "/change", "/logout", "/home", "/profile", "/home?x"]
)
def test_old_addresses_go_to_the_gate(site: FrontSite, target: str) -> None:
    site.page(target)
    assert reached(site) == {"gate": target}


def test_an_apps_path_wins_over_an_old_address(site: FrontSite) -> None:
    assert site.page("/login").header("Location") == "/login/"


# -- apps with absolute addresses written into them


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_an_apps_page_made_up_is_tried_below_the_app(site: FrontSite, method: str) -> None:
    referer = [("Referer", f"http://localhost:{site.port}/sales/page?x")]
    answer = site.ask("/api/data?x=1", method=method, headers=referer, who="a")
    assert (answer.status, answer.header("Location")) == (307, "/sales/api/data?x=1")


def test_the_page_of_a_deeper_app_leads_to_that_app(site: FrontSite) -> None:
    referer = [("Referer", "http://localhost/sales/deep/er/page")]
    assert site.ask("/api", headers=referer).header("Location") == "/sales/deep/er/api"
    assert site.ask("/logout", headers=referer).header("Location") == "/sales/deep/er/logout"


@pytest.mark.parametrize(
    "referer", ["http://localhost/salesx/", "http://localhost/", "http://x/y/sales/", "/sales/", "", "x"]
)
def test_other_pages_lead_nowhere(site: FrontSite, referer: str) -> None:
    assert site.ask("/api", headers=[("Referer", referer)]).status == 404


def test_a_made_up_address_never_leads_off_the_site(site: FrontSite) -> None:
    referer = [("Referer", "http://localhost/sales/")]
    for target in ("//evil.example/", "/\\evil.example/", "/x/..//evil.example"):
        assert site.ask(target, headers=referer).header("Location") is None
    assert site.ask("/.evil.example", headers=referer).header("Location") == "/sales/.evil.example"


# -- hosts and ports


def test_an_app_on_its_own_host_answers_there_and_only_there(site: FrontSite) -> None:
    host = f"own.localhost:{site.port}"
    assert site.ask("/x?y", who="a", host=host).status == 200
    got = site.apps["own"].last
    assert (got.target, got.header("Host"), got.header("X-Portico-Prefix")) == ("/x?y", host, None)
    assert site.ask("/own/", who="a").status == 404
    assert site.ask("/sales/", who="a", host=host).status == 200
    assert site.apps["sales"].requests == []


def test_a_stranger_on_an_apps_own_host_signs_in_on_the_site(site: FrontSite) -> None:
    answer = site.page("/x?y", host="own.localhost")
    here = f"http://own.localhost:{site.port}/x?y"
    assert answer.header("Location") == f"{site.site.url}/-/sign-in?{here}"


def test_on_an_apps_own_host_the_gate_only_hands_the_session_over(site: FrontSite) -> None:
    host = f"own.localhost:{site.port}"
    site.page("/-/enter?ticket=x", host=host)
    assert reached(site) == {"gate": "/-/enter?ticket=x"}
    assert site.gate.last.header("Host") == host
    site.reset()
    for target in ("/-/profile", "/-/sign-in?/x", "/-/"):
        assert site.page(target, who="a", host=host).header("Location") == f"{site.site.url}{target}"
    assert site.ask("/-/check/own", who="a", host=host).status == 404
    assert reached(site) == {}


def test_an_app_may_have_a_host_and_a_path(site: FrontSite) -> None:
    assert site.ask("/both/x").status == site.ask("/x", host="both.localhost").status == 200
    assert [request.target for request in site.apps["both"].requests] == ["/both/x", "/x"]


def test_an_app_on_its_own_port_answers_there_for_any_host(site: FrontSite) -> None:
    port = site.site.app("port").port
    assert port is not None
    assert site.ask("/x", port=port, host="anything").status == 200
    assert site.apps["port"].last.header("Host") == f"localhost:{port}"
    assert site.ask("/", method="POST", body=b"{}", port=port).status == 200
    assert site.ask("/sales/", who="a", port=port, host=f"localhost:{site.port}").status == 200
    assert site.apps["sales"].requests == []


def test_an_unknown_host_gets_the_site(site: FrontSite) -> None:
    assert site.ask("/sales/", who="a", host="unknown.example").status == 200
    assert (
        site.page("/sales/", host="unknown.example").header("Location")
        == f"{site.site.url}/-/sign-in?/sales/"
    )
