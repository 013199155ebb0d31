"""Path rules: the front asks about the rule that the app's own reading of the address falls under; no spelling slips by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from front_site import FrontSite, Request, example_app, token
from portico.site import Access, PathRule
from portico.site.path_rules import rule_of

MANAGERS = Access(roles=frozenset({"managers"}))
PUBLIC = Access(public=True)
RULES = (
    PathRule("/admin", MANAGERS),
    PathRule("/open", PUBLIC),
    PathRule("/admin/help", PUBLIC),
    PathRule("/open/inner", MANAGERS),
    PathRule("/sales/own", MANAGERS),
)


@pytest.fixture(scope="module")
def site(any_nginx: Path) -> Iterator[FrontSite]:
    apps = [
        example_app("sales", paths=RULES),
        example_app("lab", host="lab.localhost", paths=RULES),
        example_app("shop", access=PUBLIC, paths=(PathRule("/admin", MANAGERS),)),
        example_app("plain"),
    ]
    with FrontSite(any_nginx, apps, check_cache=0.0) as front:
        yield front
        assert not any(upstream.problems for upstream in (front.gate, *front.apps.values()))


@pytest.fixture(autouse=True)
def clean(site: FrontSite) -> None:
    """Ada may do everything; Bob is no manager; both are asked anew in each test."""
    site.reset()

    def decide(request: Request) -> bytes:
        app, slash, rest = request.target.removeprefix("/-/check/").partition("/")
        site.gate.checks.append(app + slash + rest)
        cookie = request.header("Cookie") or ""
        who = next((name for letter, name in (("a", "ada"), ("b", "bob")) if token(letter) in cookie), None)
        rule = slash + rest
        if rule in ("/open", "/admin/help") or (app == "shop" and not rule):
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        if who is None:
            return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        if rule and who == "bob":
            return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        return b"HTTP/1.1 204 No Content\r\n\r\n"

    site.gate.answer = decide


@pytest.mark.parametrize(
    ("path", "bob", "nobody"),
    [
        ("/", 200, 401),
        ("/admin", 403, 401),
        ("/admin/", 403, 401),
        ("/admin/users?x=/open", 403, 401),
        ("/admin/help", 200, 200),
        ("/admin/help/deep", 200, 200),
        ("/admin/helpers", 403, 401),
        ("/administrators", 200, 401),
        ("/open", 200, 200),
        ("/open/page", 200, 200),
        ("/open/inner/x", 403, 401),
        ("/opening", 200, 401),
        ("/report?next=/admin", 200, 401),
        ("/%61dmin/users", 403, 401),
        ("/adm%69n", 403, 401),
        ("/open%20day", 200, 401),
    ],
)
@pytest.mark.parametrize("place", ["/sales", "lab"])
def test_the_longest_rule_wins(site: FrontSite, place: str, path: str, bob: int, nobody: int) -> None:
    """On a path and on a host of its own; the app gets the address as it was sent."""
    prefix, host = (place, None) if place.startswith("/") else ("", f"lab.localhost:{site.port}")
    assert site.ask(prefix + path, who="b", host=host).status == bob
    assert site.ask(prefix + path, host=host).status == nobody
    assert site.ask(prefix + path, who="a", host=host).status == 200
    assert site.apps["sales" if prefix else "lab"].last.target == prefix + path


@pytest.mark.parametrize(
    "trick",
    [
        "/Admin/users",
        "/ADMIN",
        "/aDmin/help",
        "/%41dmin",
        "/admin;x=1",
        "/admin;/users",
        "/admin;x/help",
        "/%61dmin%3bx",
        "/x/../admin",
        "/x/%2e%2e/admin",
        "/x/.%2e/admin",
        "/./admin",
        "/%2e/admin",
        "//admin",
        "/x//admin",
        "/admin//users",
        "/%2fadmin",
        "/%2Fadmin",
        "/x%2f..%2fadmin",
        "/x%2f%2e%2e%2fadmin",
        "/admin%2fusers",
        "/x%2fadmin",
        "/x\\admin",
        "/x%5cadmin",
        "/x%5c..%5cadmin",
        "/%2561dmin",
        "/%25%36%31dmin",
        "/admin%00",
        "/%00/admin",
        "/admin%2500",
        "/open/../admin",
        "/open/%2e%2e/admin",
        "/open;/../admin",
        "/open//inner",
        "/open%2finner",
        "/Open/inner",
        "/open/Inner",
        "/open;x/inner",
        "/open/x/..;/inner",
        "/OPEN/secret",
        "/open;secret",
        "/sales/admin",  # behind the prefix once more: an app that writes its prefix into its routes reads that as /admin
        "/sales/admin/users",
        "/sales/Admin",
        "/Sales/admin",
        "/sales/open/inner",
        "/own",  # "/sales/own", as such an app calls it
        "/admin%20",
        "/admin%09/users",
        "/admin%23/users",
        "/admin%3fx/users",
        "/admin#",
        "/admin/..#",
        "/admin/x/..#/y",
        "/open#/../admin",
    ],
)
def test_no_spelling_slips_past_a_rule(site: FrontSite, trick: str) -> None:
    """An address that one program could read as under another rule than the next program reaches no app at all."""
    for who in ("", "b", "a"):
        assert site.ask(f"/sales{trick}", who=who).status in (400, 401, 403, 404), (who, trick)
        assert site.apps["sales"].requests == [], (who, trick)


@pytest.mark.parametrize(
    "address", ["/a%20b", "/100%25", "/a;b=1", "/x%25.csv", "/caf%C3%A9", "/A/B", "/a+b", "/a%3Fb"]
)
def test_odd_addresses_elsewhere_go_on(site: FrontSite, address: str) -> None:
    assert site.ask(f"/sales{address}", who="b").status == 200
    assert site.apps["sales"].last.target == f"/sales{address}"


def test_an_app_may_have_its_own_prefix_in_its_addresses(site: FrontSite) -> None:
    """Behind the prefix once more, what no rule guards goes on, and what one guards is asked about."""
    for address, status in (("/sales/sales/x", 200), ("/sales/sales/", 200), ("/sales/sales/own", 403)):
        assert site.ask(address, who="b").status == status, address
    assert site.ask("/sales/sales/own", who="a").status == 200


def test_an_app_without_rules_takes_what_it_took(site: FrontSite) -> None:
    for address in ("/x//y", "/x%2fy", "/Admin;x", "/%2561"):
        assert site.ask(f"/plain{address}", who="b").status == 200


def test_a_public_app_with_a_closed_path_asks_for_it(site: FrontSite) -> None:
    assert site.ask("/shop/").status == 200
    assert site.ask("/shop/admin").status == 401
    assert site.ask("/shop/admin", who="b").status == 403
    assert site.ask("/shop/admin", who="a").status == 200


def test_an_answer_that_is_kept_for_one_rule_says_nothing_about_another(any_nginx: Path) -> None:
    apps = [example_app("sales", paths=(PathRule("/admin", MANAGERS),))]
    with FrontSite(any_nginx, apps) as site:
        site.gate.door.may["bob"] = {"sales"}
        for _ in range(3):
            assert site.ask("/sales/", who="b").status == 200
            assert site.ask("/sales/admin", who="b").status == 403
        assert site.gate.checks == ["sales", "sales/admin"]


def test_the_upgrade_to_a_websocket_is_asked_about_by_its_path(site: FrontSite) -> None:
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    upgrade.append(("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="))
    assert site.ask("/sales/admin/live", who="b", headers=upgrade).status == 403
    assert site.ask("/sales/admin/live", headers=upgrade).status == 401
    assert site.apps["sales"].requests == []
    site.ask("/sales/live", who="b", headers=upgrade)
    assert len(site.apps["sales"].requests) == 1


def test_a_marker_of_a_starting_app_opens_no_path(site: FrontSite) -> None:
    (site.layout.starting / "sales").touch()
    assert site.page("/sales/admin", who="b").status == 403
    assert site.page("/sales/", who="b").status == 503


def test_only_public_paths_may_be_kept_by_others(site: FrontSite) -> None:
    """A closed answer says that it is for one person alone; under a public path it says nothing."""
    assert site.ask("/sales/admin", who="a").header("Cache-Control") == "private, no-store"
    assert site.ask("/sales/open/x").header("Cache-Control") is None
    assert site.ask("/shop/admin", who="a").header("Cache-Control") == "private, no-store"
    assert site.ask("/shop/").header("Cache-Control") is None


@pytest.mark.parametrize(
    "path",
    ["/", "/admin", "/admin/", "/admin/help/x", "/admin/helpers", "/open", "/opening", "/open/inner", "/x"],
)
def test_front_and_gate_read_a_path_the_same(site: FrontSite, path: str) -> None:
    site.ask(f"/sales{path}", who="a")
    assert site.gate.checks == [f"sales{rule_of(site.site.app('sales'), path)}"]
