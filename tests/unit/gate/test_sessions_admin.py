"""The administrators' page of sessions."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from gate_client import Browser, GateUnderTest
from portico.gate.models import Person, SessionRow


def administrator(gate: GateUnderTest) -> Browser:
    """A browser of an administrator."""
    gate.person("root@example.org", "admin")
    browser = gate.browser(REMOTE_ADDR="203.0.113.1")
    browser.sign_in("root@example.org")
    return browser


def test_it_lists_everybodys_and_narrows_by_person_and_place(gate: GateUnderTest) -> None:
    """Whose, on what, from where."""
    root = administrator(gate)
    gate.person()
    gate.person("berta@example.org")
    gate.browser(REMOTE_ADDR="198.51.100.1").sign_in()
    gate.browser(REMOTE_ADDR="198.51.100.2").sign_in("berta@example.org")
    everybody = root.get("/-/admin/sessions").text
    assert all(
        one in everybody for one in ("anna@example.org", "berta@example.org", "198.51.100.2", "3 sessions")
    )
    annas = root.get("/-/admin/sessions?person=ANNA@example.org").text
    assert "One session" in annas
    assert "198.51.100.2" not in annas
    assert "berta@example.org" in root.get("/-/admin/sessions?address=198.51.100.2").text
    assert "Nobody has this address" in root.get("/-/admin/sessions?person=nobody@example.org").text


def test_an_administrator_ends_one_or_all_of_a_person(gate: GateUnderTest) -> None:
    """And the audit says who did it to whom."""
    root = administrator(gate)
    gate.person()
    one, two = gate.browser(), gate.browser()
    one.sign_in()
    two.sign_in()
    page = root.get("/-/admin/sessions?person=anna@example.org").text
    token = {"csrf_token": root.hidden("/-/admin/sessions")["csrf_token"]}
    first = re.findall(r"/-/admin/sessions/\d+/end[^\"]*", page)[0].replace("&amp;", "&")
    assert root.post(first, token).status_code == 302
    assert sorted(browser.check("home").status_code for browser in (one, two)) == [204, 401]
    everywhere = re.search(r"/-/admin/sessions/of/\w+/end", page)
    assert everywhere
    assert root.post(everywhere.group(), token).status_code == 302
    assert [browser.check("home").status_code for browser in (one, two, root)] == [401, 401, 204]
    assert gate.audit()[-2:] == ["session-ended", "sessions-ended"]


@pytest.mark.parametrize("who", ["stranger", "member"])
def test_nobody_else_sees_or_ends_them(gate: GateUnderTest, who: str) -> None:
    """By the addresses that an administrator's page has."""
    root = administrator(gate)
    gate.person()
    browser = gate.browser()
    if who == "member":
        browser.sign_in()
    with gate.desk() as db:
        number, uid = db.execute(select(SessionRow.id, Person.fs_uniquifier).join(Person)).first() or (0, "")
    token = {"csrf_token": browser.hidden("/-/sign-out" if who == "member" else "/-/sign-in")["csrf_token"]}
    for answer in (
        browser.get("/-/admin/sessions"),
        browser.post(f"/-/admin/sessions/{number}/end", token),
        browser.post(f"/-/admin/sessions/of/{uid}/end", token),
    ):
        assert answer.status_code in {401, 403} or "/-/sign-in" in answer.headers["Location"]
        assert "root@example.org" not in answer.text
    assert root.check("home").status_code == 204


def test_a_session_that_is_over_is_not_there(gate: GateUnderTest) -> None:
    """Nor one that never was."""
    root = administrator(gate)
    token = {"csrf_token": root.hidden("/-/admin/sessions")["csrf_token"]}
    for number in (10**6, 10**30):
        assert root.post(f"/-/admin/sessions/{number}/end", token).status_code == 404
    assert root.post("/-/admin/sessions/of/nobody/end", token).status_code == 404
    with gate.desk() as db:
        assert db.scalar(select(func.count()).select_from(SessionRow)) == 1
