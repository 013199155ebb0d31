"""Guests: share links and frames in other sites' pages open one app, for a time, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from gate_client import Browser, GateUnderTest, make_app, make_site
from portico.errors import UserError
from portico.gate import clock
from portico.gate.accounts import actions as accounts
from portico.gate.accounts.ends import set_end
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.guests import actions
from portico.gate.models import ApiToken, GuestSession, ShareLink
from portico.gate.tokens import actions as token_actions
from portico.site import Access, PathRule

AROUND = "https://portal.example.org"
WEEK = timedelta(days=7)
ANALYSTS, MANAGERS = Access(roles=frozenset({"analyst"})), Access(roles=frozenset({"manager"}))


@pytest.fixture
def gate(tmp_path: Path, database_url: str) -> Iterator[GateUnderTest]:
    """A site with a guarded app that may be framed, another app, and one on a host of its own."""
    rules = (PathRule("/admin", MANAGERS), PathRule("/reports", MANAGERS))
    site = make_site(
        tmp_path,
        make_app("sales", ANALYSTS, paths=rules, frame_ancestors=(AROUND,)),
        make_app("home"),
        make_app("lab", host="lab.localhost", path=None, frame_ancestors=(AROUND,)),
        roles={"admin": "", "analyst": "", "manager": ""},
        database_url=database_url,
    )
    gate = GateUnderTest(site)
    yield gate
    gate.close()


def share(gate: GateUnderTest, app: str = "sales", path: str = "/", lasts: timedelta = WEEK) -> str:
    """The path of a new share link."""
    with gate.desk() as db:
        token, _ = actions.share(db, COMMAND_LINE, gate.site.app(app), path, lasts)
    return f"/-/share/{token}"


def api_token(gate: GateUnderTest, *scopes: str, roles: tuple[str, ...] = ("analyst",)) -> str:
    with gate.desk() as db:
        day = timedelta(days=1)
        return token_actions.issue_service(db, COMMAND_LINE, gate.site, "portal", scopes, day, roles)[0]


def offer(gate: GateUnderTest, token: str, **asked: Any) -> TestResponse:
    """What the program of another site asks."""
    headers = {"Authorization": f"Bearer {token}"}
    return gate.browser().post("/-/frame", headers=headers, json={"app": "sales"} | asked)


def check(browser: Browser, app: str, rule: str = "") -> TestResponse:
    """The front's question, with the guest's cookie that the browser would send for the app's path."""
    name = browser.gate.site.guest_cookie(app)
    found = browser.client.get_cookie(name, domain="localhost", path=f"/{app}")
    return ask(browser.gate, app, rule, **({name: found.value} if found else {}))


def ask(gate: GateUnderTest, app: str, rule: str = "", **cookies: str) -> TestResponse:
    """The front's question with just these cookies."""
    browser = gate.browser()
    for name, value in cookies.items():
        browser.client.set_cookie(name, value, domain="localhost")
    return browser.get(f"/-/check/{app}{rule}")


def cookie_of(answer: TestResponse) -> dict[str, str]:
    """The guest's cookie that an answer sets."""
    found = re.match(r"(portico_guest_\w+)=([^;]*)", answer.headers["Set-Cookie"])
    assert found, answer.headers
    return {found[1]: found[2]}


def test_a_share_link_opens_one_app_without_an_account(gate: GateUnderTest) -> None:
    browser = gate.browser()
    assert check(browser, "sales").status_code == 401
    answer = browser.get(share(gate, path="/year?y=2026"))
    assert answer.location == "http://localhost:8000/sales/year?y=2026"
    cookie = answer.headers["Set-Cookie"]
    assert "Path=/sales" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    entered = check(browser, "sales")
    assert entered.status_code == 204
    assert "X-Portico-Identity" not in entered.headers


def test_the_way_in_to_one_app_is_none_to_another(gate: GateUnderTest) -> None:
    """Not even when its cookie is sent under the other app's name."""
    browser = gate.browser()
    browser.get(share(gate))
    found = browser.client.get_cookie("portico_guest_sales", domain="localhost", path="/sales")
    assert found
    for app in ("home", "lab"):
        cookies = {f"portico_guest_{app}": found.value, "portico_guest_sales": found.value}
        assert ask(gate, app, **cookies).status_code == 401
    assert ask(gate, "home", portico_session=found.value).status_code == 401
    assert browser.get("/-/profile").status_code == 302


def test_a_link_opens_of_the_guarded_paths_the_one_that_it_names(gate: GateUnderTest) -> None:
    plain, named = gate.browser(), gate.browser()
    plain.get(share(gate))
    named.get(share(gate, path="/reports/2026"))
    assert [check(plain, "sales", rule).status_code for rule in ("", "/admin", "/reports")] == [204, 401, 401]
    assert [check(named, "sales", rule).status_code for rule in ("", "/admin", "/reports")] == [204, 401, 204]


def test_revoking_a_share_link_puts_everybody_out_who_came_by_it(gate: GateUnderTest) -> None:
    browser, link = gate.browser(), share(gate)
    browser.get(link)
    with gate.desk() as db:
        actions.revoke(db, COMMAND_LINE, db.scalars(select(ShareLink.id)).one())
    assert check(browser, "sales").status_code == 401
    assert gate.browser().get(link).status_code == 404
    with gate.desk() as db:
        assert db.scalars(select(GuestSession)).all() == []


def test_a_share_link_ends_at_its_time_and_so_do_its_visits(gate: GateUnderTest, hands: Any) -> None:
    browser, link = gate.browser(), share(gate, lasts=timedelta(hours=1))
    hands.move(minutes=50)
    browser.get(link)
    assert check(browser, "sales").status_code == 204
    hands.move(minutes=11)
    assert check(browser, "sales").status_code == 401
    answer = gate.browser().get(link)
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


def test_a_visit_lasts_half_a_day_and_the_link_opens_it_again(gate: GateUnderTest, hands: Any) -> None:
    browser, link = gate.browser(), share(gate)
    browser.get(link)
    hands.move(hours=13)
    assert check(browser, "sales").status_code == 401
    browser.get(link)
    assert check(browser, "sales").status_code == 204


def test_openings_are_counted_and_those_who_only_look_are_not(gate: GateUnderTest, hands: Any) -> None:
    link = share(gate)
    gate.browser().get(link)
    gate.browser().get(link)
    gate.browser().client.head(link, base_url=gate.site.url)
    with gate.desk() as db:
        row = db.scalars(select(ShareLink)).one()
        assert (row.opened, row.last_opened_at) == (2, hands.time)
    assert gate.audit().count("share-opened") == 2


def test_a_signed_in_person_stays_who_they_are(gate: GateUnderTest) -> None:
    """A share link beside a session adds an app and takes nothing."""
    gate.person("anna@example.org")
    browser = gate.browser()
    browser.sign_in()
    browser.get(share(gate))
    assert browser.check("home").headers["X-Portico-Identity"]
    assert browser.get("/-/profile").status_code == 200


@pytest.mark.parametrize(
    "path", ["", "admin", "//evil.example.net", "/../x", "/a//b", "/%2fx", "/x\\y", "/" + "x" * 600]
)
def test_a_share_link_leads_into_its_app_only(gate: GateUnderTest, path: str) -> None:
    with pytest.raises(UserError):
        share(gate, path=path)


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(minutes=4), timedelta(days=366)])
def test_a_share_link_has_an_end(gate: GateUnderTest, lasts: timedelta) -> None:
    with pytest.raises(UserError, match="from 5m to 365d"):
        share(gate, lasts=lasts)


def test_the_database_holds_no_link_and_no_cookie(gate: GateUnderTest) -> None:
    browser, link = gate.browser(), share(gate)
    browser.get(link)
    found = browser.client.get_cookie("portico_guest_sales", domain="localhost", path="/sales")
    assert found
    with gate.desk() as db:
        kept = str([vars(row) for row in (*db.scalars(select(ShareLink)), *db.scalars(select(GuestSession)))])
    assert link.rpartition("/")[2] not in kept
    assert found.value not in kept


def test_administrators_share_see_and_revoke_on_pages_and_nobody_else_does(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    gate.person("ann@example.org", "analyst")
    root, ann = gate.browser(), gate.browser()
    root.sign_in("root@example.org")
    ann.sign_in("ann@example.org")
    asked = {"app": "sales", "path": "/", "note": "auditors", "lasts": "24"}
    made = root.post("/-/admin/shares/new", root.hidden("/-/admin/shares/new") | asked)
    link = re.search(r"http://localhost:8000(/-/share/[A-Za-z0-9_-]{43})", made.text)
    assert link, made.text
    guest = gate.browser()
    guest.get(link[1])
    assert check(guest, "sales").status_code == 204
    page = root.get("/-/admin/shares").text
    assert "auditors" in page
    assert link[1] not in page
    assert ann.get("/-/admin/shares").status_code == 403
    form = ann.hidden("/-/profile")
    assert ann.post("/-/admin/shares/1/revoke", form).status_code == 403
    assert root.post("/-/admin/shares/1/revoke").status_code == 400
    assert check(guest, "sales").status_code == 204
    root.post("/-/admin/shares/1/revoke", root.hidden("/-/admin/shares"))
    assert check(guest, "sales").status_code == 401


def test_a_frame_opens_once_and_for_the_page_around_it_alone(gate: GateUnderTest) -> None:
    made = offer(gate, api_token(gate, "embed:sales"), path="/year", name="Ada of Example")
    assert made.status_code == 201
    assert made.json["url"].startswith("http://localhost:8000/-/frame/")
    path = made.json["url"].removeprefix("http://localhost:8000")
    browser = gate.browser()
    answer = browser.get(path, headers={"Sec-Fetch-Dest": "iframe"})
    assert answer.location == "http://localhost:8000/sales/year"
    cookie = answer.headers["Set-Cookie"]
    assert all(
        part in cookie for part in ("Secure", "SameSite=None", "Partitioned", "HttpOnly", "Path=/sales")
    )
    again = gate.browser().get(path, headers={"Sec-Fetch-Dest": "iframe"})
    assert again.status_code == 404
    assert "Set-Cookie" not in again.headers
    assert f"frame-ancestors {AROUND}" in again.headers["Content-Security-Policy"]
    entered = ask(gate, "sales", **cookie_of(answer))
    assert entered.status_code == 204
    claims = jwt.decode(entered.headers["X-Portico-Identity"], options={"verify_signature": False})
    assert (claims["name"], claims["email"], claims["roles"]) == ("Ada of Example", "", [])
    assert claims["sub"].startswith("guest-")


def test_a_frame_without_a_name_has_no_identity(gate: GateUnderTest) -> None:
    made = offer(gate, api_token(gate, "embed:sales"))
    entered = ask(gate, "sales", **cookie_of(gate.browser().get(made.json["url"])))
    assert entered.status_code == 204
    assert "X-Portico-Identity" not in entered.headers


def test_a_frames_address_is_for_a_frame_and_for_a_minute(gate: GateUnderTest, hands: Any) -> None:
    token = api_token(gate, "embed:sales")
    first, second = offer(gate, token).json["url"], offer(gate, token).json["url"]
    assert gate.browser().get(first, headers={"Sec-Fetch-Dest": "document"}).status_code == 400
    assert gate.browser().get(first).status_code == 302
    hands.move(seconds=61)
    assert gate.browser().get(second).status_code == 404


@pytest.mark.parametrize(
    ("scopes", "roles", "asked", "status"),
    [
        (["embed:sales"], ["analyst"], {}, 201),
        (["embed:sales"], [], {}, 403),
        (["apps", "api"], ["analyst"], {}, 403),
        (["embed:lab"], ["analyst"], {}, 403),
        (["embed:home"], ["analyst"], {"app": "home"}, 403),
        (["embed:sales"], ["analyst"], {"path": "/admin"}, 403),
        (["embed:sales"], ["analyst", "manager"], {"path": "/admin"}, 201),
        (["embed:sales"], ["analyst"], {"path": "//x"}, 400),
        (["embed:sales"], ["analyst"], {"path": 1}, 400),
        (["embed:sales"], ["analyst"], {"minutes": 0}, 400),
        (["embed:sales"], ["analyst"], {"minutes": 721}, 400),
        (["embed:sales"], ["analyst"], {"minutes": "x"}, 400),
        (["embed:sales"], ["analyst"], {"app": "nothing"}, 400),
        (["embed:sales"], ["analyst"], {"app": None}, 400),
    ],
)
def test_a_frame_never_shows_more_than_its_token_may(
    gate: GateUnderTest, scopes: list[str], roles: list[str], asked: dict[str, Any], status: int
) -> None:
    answer = offer(gate, api_token(gate, *scopes, roles=tuple(roles)), **asked)
    assert answer.status_code == status, answer.text
    assert ("url" in answer.json) == (status == 201)


def test_no_session_and_no_bad_token_offers_a_frame(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    assert browser.post("/-/frame", json={"app": "sales"}).status_code == 401
    assert offer(gate, "ptk_" + "x" * 49).status_code == 401


def test_a_frame_ends_with_its_time_its_token_and_its_person(gate: GateUnderTest, hands: Any) -> None:
    gate.person("ann@example.org", "analyst")
    with gate.desk() as db:
        day, ann = timedelta(days=1), find_person(db, "ann@example.org")
        personal = token_actions.issue_personal(db, COMMAND_LINE, gate.site, ann, "x", ["embed:sales"], day)[
            0
        ]

    def enter(token: str) -> dict[str, str]:
        return cookie_of(gate.browser().get(offer(gate, token, minutes=5).json["url"]))

    def status(cookies: dict[str, str]) -> int:
        return ask(gate, "sales", **cookies).status_code

    service = api_token(gate, "embed:sales")
    by_time, by_token, by_person = enter(service), enter(service), enter(personal)
    assert [status(cookie) for cookie in (by_time, by_token, by_person)] == [204, 204, 204]
    with gate.desk() as db:
        accounts.disable(db, COMMAND_LINE, find_person(db, "ann@example.org"))
    assert status(by_person) == 401
    hands.move(minutes=6)
    assert status(by_time) == 401
    fresh = enter(service)
    assert status(fresh) == 204
    with gate.desk() as db:
        number = db.scalars(select(ApiToken.id).where(ApiToken.person_id.is_(None))).one()
        token_actions.revoke(db, COMMAND_LINE, number)
    assert status(fresh) == 401


def test_a_frame_ends_when_its_token_may_enter_no_longer(gate: GateUnderTest, hands: Any) -> None:
    """With the role of its person, with the person's time, with the token's own time: not hours later."""
    gate.person("ann@example.org", "analyst")
    gate.person("guest@example.org", "analyst")

    def frame(email: str, lasts: timedelta) -> dict[str, str]:
        with gate.desk() as db:
            person = find_person(db, email)
            token = token_actions.issue_personal(
                db, COMMAND_LINE, gate.site, person, "x", ["embed:sales"], lasts
            )[0]
        return cookie_of(gate.browser().get(offer(gate, token, minutes=300).json["url"]))

    day = timedelta(days=1)
    by_role, by_end, by_token = (
        frame("ann@example.org", day),
        frame("guest@example.org", day),
        frame("ann@example.org", timedelta(hours=1)),
    )
    assert [ask(gate, "sales", **cookies).status_code for cookies in (by_role, by_end, by_token)] == [204] * 3
    with gate.desk() as db:
        guest = find_person(db, "guest@example.org")
        set_end(db, COMMAND_LINE, guest, clock.now() + timedelta(minutes=30))
    hands.move(minutes=31)
    assert ask(gate, "sales", **by_end).status_code == 401
    assert ask(gate, "sales", **by_token).status_code == 204
    hands.move(minutes=31)
    assert ask(gate, "sales", **by_token).status_code == 401
    assert ask(gate, "sales", **by_role).status_code == 204
    with gate.desk() as db:
        accounts.set_roles(db, COMMAND_LINE, find_person(db, "ann@example.org"), [])
    assert ask(gate, "sales", **by_role).status_code == 401


def test_a_frame_under_a_rule_opens_the_rest_of_the_app_only_if_its_token_may(gate: GateUnderTest) -> None:
    token = api_token(gate, "embed:sales", roles=("manager",))
    cookies = cookie_of(gate.browser().get(offer(gate, token, path="/admin").json["url"]))
    assert ask(gate, "sales", "/admin", **cookies).status_code == 204
    assert ask(gate, "sales", **cookies).status_code == 401


def test_on_its_own_host_an_app_takes_its_guests_there(gate: GateUnderTest) -> None:
    with gate.desk() as db:
        token, _ = actions.share(db, COMMAND_LINE, gate.site.app("lab"), "/x", WEEK)
    answer = gate.browser().get(f"/-/share/{token}", base="http://lab.localhost:8000")
    assert answer.location == "http://lab.localhost:8000/x"
    assert "Path=/;" in answer.headers["Set-Cookie"] + ";"


def test_on_https_the_cookie_is_secure(tmp_path: Path, database_url: str) -> None:
    site = make_site(tmp_path, make_app("sales"), url="https://apps.example.org", database_url=database_url)
    gate = GateUnderTest(replace(site))
    try:
        answer = gate.browser().get(share(gate))
        assert answer.headers["Set-Cookie"].startswith("__Secure-portico_guest_sales=")
        assert "; Secure" in answer.headers["Set-Cookie"]
    finally:
        gate.close()
