"""Every route of the gate, asked by a stranger and by a member, in every way: none crashes, opens, or is kept."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from gate_client import Browser, GateUnderTest
from kept_mails import with_mailbox
from portico.gate.accounts.people import find_person
from portico.gate.permissions import EVERYONE, guard_of
from portico.site import Site

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
MARKUP = "\"'><svg/onload=alert(1)>{{7*7}}"
CAREFUL = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NO = {400, 401, 403, 404, 405}


@pytest.fixture
def gate(site: Site) -> Iterator[GateUnderTest]:
    """A gate with all of its pages, those of mail too, a member with a role and an administrator."""
    gate = GateUnderTest(with_mailbox(site))
    gate.person("root@example.org", "admin")
    gate.person("anna@example.org", "analyst")
    yield gate
    gate.close()


def doors(gate: GateUnderTest) -> Iterator[tuple[Rule, str, object]]:
    """Each route, an address of it, and what its view asks for."""
    for rule in gate.app.url_map.iter_rules():
        given: dict[str, Any] = dict.fromkeys(rule.arguments, 1)
        built = rule.build(given, append_unknown=False)
        assert built is not None
        yield rule, built[1], guard_of(gate.app.view_functions[rule.endpoint])


def ask(browser: Browser, method: str, path: str) -> TestResponse:
    """With nothing in it that forms have."""
    return browser.client.open(
        path, method=method, base_url=browser.base, environ_overrides=browser.environ, json={}
    )


@pytest.mark.parametrize("who", ["stranger", "member"])
def test_no_door_opens_that_is_not_theirs(gate: GateUnderTest, who: str) -> None:
    browser = gate.browser()
    if who == "member":
        browser.sign_in()
    for rule, path, guard in doors(gate):
        theirs = guard == "public" or (who == "member" and guard in EVERYONE)
        for method in METHODS:
            answer = ask(browser, method, path)
            said = f"{who}: {method} {path}: {answer.status_code}"
            assert answer.status_code < 500, said
            if method not in (rule.methods or ()):
                assert answer.status_code in NO, said
            elif not theirs:
                to_sign_in = answer.status_code == 302 and "/-/sign-in?" in answer.headers["Location"]
                assert answer.status_code in NO or (who == "stranger" and to_sign_in), said
            elif method in ("POST", "PUT", "PATCH", "DELETE"):
                assert answer.status_code in NO, f"{said}, without a form's proof"


def test_every_answer_is_careful_and_is_kept_nowhere(gate: GateUnderTest) -> None:
    """Pages, errors, what the API says: to somebody who may see it."""
    browser = gate.browser()
    browser.sign_in("root@example.org")
    for rule, path, _ in doors(gate):
        if rule.endpoint in ("static", "join.leaked_with"):
            continue  # the same for everybody
        answer = ask(browser, "GET", path)
        said = f"{path}: {answer.status_code}"
        assert answer.headers.get("Cache-Control") == "no-store", said
        assert {name: answer.headers.get(name) for name in CAREFUL} == CAREFUL, said
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, said
        assert "unsafe" not in policy, said


def test_what_people_write_is_text_on_every_page(gate: GateUnderTest) -> None:
    """Names, descriptions, notes, what was searched for: wherever it stands, in pages and in the mails they show."""
    root = gate.browser(HTTP_USER_AGENT=f"{MARKUP}/1.0")
    root.sign_in("root@example.org")
    root.fill("/-/profile", name=MARKUP)
    root.fill("/-/admin/people/new", email="ben@example.org", name=MARKUP)
    root.fill("/-/admin/roles", name="clerk", description=MARKUP)
    root.fill("/-/admin/groups", name="staff", description=MARKUP)
    root.fill("/-/tokens/new", name=MARKUP, apps="app:home", lasts="30", api="")
    share = {"app": "home", "path": "/", "note": MARKUP, "lasts": "168"}
    root.post("/-/admin/shares/new", root.hidden("/-/admin/shares/new") | share)
    root.fill("/-/admin/invitations/new", email="carla@example.org", days="7")
    gate.browser().sign_in(MARKUP, MARKUP)
    assert root.fill("/-/admin/audit/export", person=MARKUP).status_code == 200
    seen = 0
    for rule, path, _ in list(doors(gate)):
        with gate.desk() as db:
            uid = find_person(db, "root@example.org").fs_uniquifier
        for address in {path, path.replace("/people/1", f"/people/{uid}"), path.replace("/1", "/clerk")}:
            answer = root.get(f"{address}?q={quote(MARKUP)}&person={quote(MARKUP)}&next={quote(MARKUP)}")
            if answer.mimetype == "text/html":
                assert MARKUP not in answer.text, f"{rule.rule} shows markup as markup"
                assert "onload=alert(1)>" not in answer.text, f"{rule.rule} shows markup as markup"
                seen += MARKUP in unescape(answer.text)
    assert seen >= 8, "the pages were not those on which it stands"
