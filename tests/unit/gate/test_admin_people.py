"""The administration's pages of people: finding, changing, closing; and that they are open to administrators alone."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import insert, select

from gate_client import Browser, GateUnderTest
from portico.errors import UserError
from portico.gate import clock
from portico.gate.accounts import actions, people
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import Person, SessionRow

PEOPLE = "/-/admin/people"


@pytest.fixture
def admin(gate: GateUnderTest) -> Browser:
    """A browser in which an administrator is signed in."""
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    return browser


def page_of(gate: GateUnderTest, email: str) -> str:
    """The address of a person's page."""
    with gate.desk() as db:
        return f"{PEOPLE}/{people.find_person(db, email).fs_uniquifier}"


def act(browser: Browser, page: str, what: str, **fields: object) -> str:
    """Send one of the page's forms; returns the page that comes back."""
    answer = browser.post(f"{page}/{what}", {"csrf_token": browser.hidden(page)["csrf_token"], **fields})
    return browser.get(answer.location).text if answer.location else answer.text


def test_the_list_shows_who_there_is_and_finds_by_word_role_and_state(
    gate: GateUnderTest, admin: Browser
) -> None:
    gate.person("anna@example.org", "analyst")
    gate.person("ben@example.org")
    with gate.desk() as db:
        actions.rename(db, COMMAND_LINE, people.find_person(db, "anna@example.org"), "Änne Müller")
        actions.disable(db, COMMAND_LINE, people.find_person(db, "ben@example.org"))
    assert all(name in admin.get(PEOPLE).text for name in ("anna@", "ben@", "root@"))
    for query in ("?q=MULLER", "?q=anne+exam", "?role=analyst", "?q=anna%40ex"):
        text = admin.get(PEOPLE + query).text
        assert "anna@" in text, query
        assert "ben@" not in text, query
    assert "ben@" in admin.get(f"{PEOPLE}?state=disabled").text
    assert "anna@" not in admin.get(f"{PEOPLE}?state=disabled").text


@pytest.mark.parametrize("query", ["?q=%25", "?q=_", "?q=\\", "?role=%27%20OR%201=1", "?state=x"])
def test_no_letter_of_a_search_means_anything_but_itself(
    gate: GateUnderTest, admin: Browser, query: str
) -> None:
    gate.person("anna@example.org")
    answer = admin.get(PEOPLE + query)
    assert answer.status_code == 200
    assert ("anna@" in answer.text) == (query == "?state=x")
    assert admin.get(f"{PEOPLE}?q=%00").status_code == 400


def test_pages_show_everybody_once_and_lead_back(gate: GateUnderTest, admin: Browser) -> None:
    with gate.desk() as db:
        rows = [
            {
                "fs_uniquifier": f"{n:032x}",
                "email": f"p{n:03}@example.org",
                "email_verified": True,
                "active": True,
                "created_at": clock.now(),
            }
            for n in range(120)
        ]
        db.execute(insert(Person), rows)
        db.commit()
    seen: list[str] = []
    link, pages = "?q=example", []
    while link:
        pages.append(link)
        text = admin.get(PEOPLE + link).text
        seen += re.findall(r">(p\d+@example.org)<", text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        link = found.group(1).replace("&amp;", "&") if found else ""
        assert not link or "q=example" in link
    assert seen == [f"p{n:03}@example.org" for n in range(120)]
    back = re.search(r'rel="prev" href="([^"]+)"', admin.get(PEOPLE + pages[-1]).text)
    assert back
    assert ">p050@" in admin.get(PEOPLE + back.group(1).replace("&amp;", "&")).text


@pytest.mark.parametrize("cursor", ["x", "WzFd", "W10", "bnVsbA", "WyJcdTAwMDAiXQ", "🌍", "W" * 5000])
def test_a_cursor_that_is_none_is_refused(admin: Browser, cursor: str) -> None:
    assert admin.get(PEOPLE, query_string={"after": cursor}).status_code == 400


def test_an_administrator_adds_somebody_who_then_chooses_a_password(
    gate: GateUnderTest, admin: Browser
) -> None:
    answer = admin.fill(f"{PEOPLE}/new", email="New@Example.org", name="Neu", roles=["analyst"])
    link = re.search(r"http://localhost:8000(/-/reset/[\w-]{43})", answer.text)
    assert link, answer.text
    other = gate.browser()
    other.fill(link.group(1), password="a horse and a battery", repeat="a horse and a battery")
    assert other.sign_in("new@example.org", "a horse and a battery").status_code == 302
    assert "analyst" in admin.get(page_of(gate, "new@example.org")).text


def test_an_address_that_is_taken_or_none_is_said_beside_its_field(
    gate: GateUnderTest, admin: Browser
) -> None:
    gate.person("anna@example.org")
    assert "already" in admin.fill(f"{PEOPLE}/new", email="anna@example.org").text
    assert "not a mail address" in admin.fill(f"{PEOPLE}/new", email="anna@").text


def test_only_changed_ticks_count_so_nobodys_change_is_undone(gate: GateUnderTest, admin: Browser) -> None:
    """The page was open while somebody else gave a role."""
    gate.person("anna@example.org")
    page = page_of(gate, "anna@example.org")
    token = admin.hidden(page)["csrf_token"]
    with gate.desk() as db:
        actions.set_roles(db, COMMAND_LINE, people.find_person(db, "anna@example.org"), ["analyst"])
    admin.post(f"{page}/roles", {"csrf_token": token, "role": ["admin"]})
    with gate.desk() as db:
        assert people.find_person(db, "anna@example.org").role_names == {"admin", "analyst"}


def test_a_disabled_person_is_out_and_an_enabled_one_may_come_back(
    gate: GateUnderTest, admin: Browser
) -> None:
    gate.person("anna@example.org")
    anna = gate.browser()
    anna.sign_in()
    page = page_of(gate, "anna@example.org")
    assert "is disabled and signed out" in act(admin, page, "disable")
    assert anna.get("/-/profile").status_code == 302
    assert "is enabled" in act(admin, page, "enable")
    assert anna.sign_in().status_code == 302


def test_an_unverified_address_is_vouched_for(gate: GateUnderTest, admin: Browser) -> None:
    gate.person("anna@example.org")
    with gate.desk() as db:
        people.find_person(db, "anna@example.org").email_verified = False
        db.commit()
    page = page_of(gate, "anna@example.org")
    assert "unverified" in admin.get(page).text
    assert "You vouch for it" in act(admin, page, "verify")
    assert "unverified" not in admin.get(page).text


@pytest.mark.parametrize(("what", "fields"), [("disable", {}), ("roles", {"shown": "admin"})])
def test_the_last_administrator_stays_on_the_pages_too(
    gate: GateUnderTest, admin: Browser, what: str, fields: dict[str, str]
) -> None:
    page = page_of(gate, "root@example.org")
    assert "is the last administrator" in act(admin, page, what, **fields)
    assert admin.get(PEOPLE).status_code == 200


def test_of_two_administrators_who_close_each_other_at_once_one_stays(gate: GateUnderTest) -> None:
    """Both ask at the same moment, each from an own connection."""
    for _ in range(5):
        for email in ("one@example.org", "two@example.org"):
            with gate.desk() as db:
                found = db.scalar(select(Person).where(Person.email == email))
                if found is None:
                    actions.create_person(db, COMMAND_LINE, email, roles=["admin"])
                else:
                    actions.enable(db, COMMAND_LINE, found)
        start = threading.Barrier(2)

        def close(email: str, start: threading.Barrier = start) -> None:
            with gate.desk() as db:
                person = people.find_person(db, email)
                start.wait(10)
                try:
                    actions.disable(db, COMMAND_LINE, person)
                except UserError:
                    db.rollback()

        threads = [threading.Thread(target=close, args=(f"{n}@example.org",)) for n in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        with gate.desk() as db:
            assert people.count_administrators(db) == 1


def test_an_account_ends_with_its_last_day(gate: GateUnderTest, admin: Browser) -> None:
    gate.person("anna@example.org")
    page = page_of(gate, "anna@example.org")
    assert "Saved." in act(admin, page, "end", until="2999-12-31")
    assert 'value="2999-12-31"' in admin.get(page).text
    assert "lies in the future" in act(admin, page, "end", until="2020-01-01")
    assert "Saved." in act(admin, page, "end", until="")
    with gate.desk() as db:
        assert people.find_person(db, "anna@example.org").active_until is None


def test_an_account_is_deleted_only_when_its_address_is_typed(gate: GateUnderTest, admin: Browser) -> None:
    gate.person("anna@example.org")
    page = page_of(gate, "anna@example.org")
    assert admin.fill(f"{page}/delete", address="ben@example.org").status_code == 400
    assert admin.get(page).status_code == 200
    answer = admin.fill(f"{page}/delete", address="Anna@example.org")
    assert "is deleted" in admin.get(answer.location).text
    assert admin.get(page).status_code == 404
    root = page_of(gate, "root@example.org")
    answer = admin.fill(f"{root}/delete", address="root@example.org")
    assert "last administrator" in admin.get(answer.location).text


EVERY_PAGE = ["", "/new", "/import", "/export", "/{uid}", "/{uid}/delete"]
EVERY_FORM = ["/new", "/import"] + [
    f"/{{uid}}/{what}"
    for what in ("roles", "name", "disable", "enable", "verify", "reset-link", "end", "delete")
]


def test_every_page_of_people_is_closed_to_strangers_and_members(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    gate.person("anna@example.org", "analyst")
    uid = page_of(gate, "root@example.org").rpartition("/")[2]
    anna = gate.browser()
    anna.sign_in()
    token = anna.hidden("/-/profile")["csrf_token"]
    for path in EVERY_PAGE:
        address = PEOPLE + path.format(uid=uid)
        assert gate.browser().get(address).status_code == 302
        assert "/-/sign-in" in gate.browser().get(address).location
        assert anna.get(address).status_code == 403
    for path in EVERY_FORM:
        address = PEOPLE + path.format(uid=uid)
        assert anna.post(address, {"csrf_token": token, "role": "admin"}).status_code == 403
    with gate.desk() as db:
        assert people.find_person(db, "anna@example.org").role_names == {"analyst"}
        assert people.find_person(db, "root@example.org").active


def test_no_form_of_people_works_without_its_token(gate: GateUnderTest, admin: Browser) -> None:
    gate.person("anna@example.org")
    uid = page_of(gate, "anna@example.org").rpartition("/")[2]
    for path in EVERY_FORM:
        assert admin.post(PEOPLE + path.format(uid=uid), {"role": "admin"}).status_code == 400, path
    with gate.desk() as db:
        anna = people.find_person(db, "anna@example.org")
        assert anna.active
        assert not anna.role_names


def test_a_name_is_shown_as_text_wherever_it_stands(gate: GateUnderTest, admin: Browser) -> None:
    gate.person("anna@example.org")
    page = page_of(gate, "anna@example.org")
    act(admin, page, "name", name="<script>alert(1)</script>\"'>")
    for address in (PEOPLE, page):
        text = admin.get(address).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_sensitive_changes_ask_who_it_is_after_a_while(gate: GateUnderTest, admin: Browser) -> None:
    """A browser left open is not enough to make administrators."""
    gate.person("anna@example.org")
    page = page_of(gate, "anna@example.org")
    token = admin.hidden(page)["csrf_token"]
    with gate.desk() as db:
        for row in db.scalars(select(SessionRow)):
            row.proven_at = None
        db.commit()
    for what in ("roles", "disable", "enable", "verify", "reset-link"):
        answer = admin.post(f"{page}/{what}", {"csrf_token": token, "role": "admin"})
        assert answer.status_code == 303, what
        assert "/-/confirm" in answer.location
    assert "/-/confirm" in admin.get(f"{PEOPLE}/export").location
    with gate.desk() as db:
        assert not people.find_person(db, "anna@example.org").role_names
