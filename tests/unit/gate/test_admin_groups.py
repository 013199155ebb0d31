"""The administration's pages and API of groups: who is in them, what they give, and that only administrators say so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import insert, select

from gate_client import Browser, GateUnderTest
from portico.gate import clock
from portico.gate.accounts import groups, people
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import AuditLine, Group, Person, SessionRow, person_group

GROUPS = "/-/admin/groups"
ROOT, ANNA, BEN = "root@example.org", "anna@example.org", "ben@example.org"


@pytest.fixture
def admin(gate: GateUnderTest) -> Browser:
    """A browser in which an administrator is signed in; Anna and Ben have accounts."""
    gate.person(ROOT, "admin")
    gate.person(ANNA)
    gate.person(BEN)
    browser = gate.browser()
    browser.sign_in(ROOT)
    return browser


def group(gate: GateUnderTest, name: str, *roles: str, members: tuple[str, ...] = ()) -> str:
    """Add a group; returns its page."""
    with gate.desk() as db:
        groups.join(db, COMMAND_LINE, groups.add(db, COMMAND_LINE, name, "", roles), members)
    return f"{GROUPS}/{name}"


def members(gate: GateUnderTest, name: str) -> list[str]:
    """Who is in it."""
    with gate.desk() as db:
        query = select(Person.email).join(person_group).join(Group).where(Group.name == name)
        return list(db.scalars(query.order_by(Person.email)))


def uid_of(gate: GateUnderTest, email: str) -> str:
    """What a person is called in addresses."""
    with gate.desk() as db:
        return people.find_person(db, email).fs_uniquifier


def act(browser: Browser, page: str, what: str, **fields: Any) -> str:
    """Send one of the page's forms; returns the page that comes back."""
    answer = browser.post(f"{page}/{what}", {"csrf_token": browser.hidden(page)["csrf_token"], **fields})
    return browser.get(answer.location).text if answer.location else answer.text


def test_a_group_is_made_filled_described_emptied_and_removed(gate: GateUnderTest, admin: Browser) -> None:
    made = admin.fill(GROUPS, name="readers", description="Third  floor", roles=["analyst"])
    page = made.location
    assert page == f"{GROUPS}/readers"
    assert "Third floor" in admin.get(page).text
    assert "may enter Sales" in admin.get(page).text
    assert "2 put in." in act(admin, page, "join", people=f"{ANNA},\n {BEN.upper()} {ANNA}")
    assert members(gate, "readers") == [ANNA, BEN]
    person = f"/-/admin/people/{uid_of(gate, ANNA)}"
    assert f'href="{page}"' in admin.get(person).text
    assert "is not in readers any more" in act(admin, page, f"leave/{uid_of(gate, ANNA)}")
    assert members(gate, "readers") == [BEN]
    assert "Saved." in act(admin, page, "description", description="Second floor")
    assert "gives the roles: none" in act(admin, page, "roles", shown="analyst")
    assert "One person is in it" in admin.get(f"{page}/remove").text
    gone = admin.fill(f"{page}/remove")
    assert "one" not in gone.location
    assert "1 person was in it" in admin.get(gone.location).text
    assert admin.get(page).status_code == 404
    lines = [line for line in gate.audit() if line.startswith("group-")]
    assert lines == [
        "group-added",
        "group-joined",
        "group-joined",
        "group-left",
        "group-described",
        "group-roles-changed",
        "group-removed",
    ]
    with gate.desk() as db:
        assert set(db.scalars(select(AuditLine.actor).where(AuditLine.action.startswith("group-")))) == {ROOT}


def test_a_group_opens_its_apps_to_whoever_is_put_in(gate: GateUnderTest, admin: Browser) -> None:
    page = group(gate, "readers", "analyst")
    anna = gate.browser()
    anna.sign_in()
    assert anna.check("sales").status_code == 403
    act(admin, page, "join", people=ANNA)
    assert anna.check("sales").status_code == 204
    admin.fill(f"{page}/remove")
    assert anna.check("sales").status_code == 403


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "Readers"}, "cannot be a group"),
        ({"name": ""}, "Enter a name"),
        ({"name": "taken"}, "already"),
        ({"name": "x", "roles": ["admin"]}, "not a valid choice"),
    ],
)
def test_what_is_wrong_with_a_new_group_is_said_beside_its_field(
    gate: GateUnderTest, admin: Browser, fields: dict[str, Any], said: str
) -> None:
    group(gate, "taken")
    answer = admin.fill(GROUPS, **fields)
    assert answer.status_code == 400
    assert said in answer.text
    with gate.desk() as db:
        assert db.scalars(select(Group.name)).all() == ["taken"]


def test_all_who_are_named_are_put_in_or_nobody(gate: GateUnderTest, admin: Browser) -> None:
    page = group(gate, "readers")
    said = act(admin, page, "join", people=f"{ANNA} bem@example.org")
    assert "Nobody was put in" in said
    assert "did you mean" in said
    many = " ".join(f"p{n}@example.org" for n in range(501))
    assert "at most 500" in act(admin, page, "join", people=many)
    assert members(gate, "readers") == []


def test_no_group_makes_administrators_by_its_page(gate: GateUnderTest, admin: Browser) -> None:
    page = group(gate, "chiefs")
    assert 'value="admin"' not in admin.get(page).text
    assert "cannot give the role admin" in act(admin, page, "roles", role="admin")
    with gate.desk() as db:
        assert groups.role_names(db, groups.find_group(db, "chiefs")) == []


def test_only_changed_ticks_count_so_nobodys_change_is_undone(gate: GateUnderTest, admin: Browser) -> None:
    """The page was open while somebody else let the group give a role."""
    page = group(gate, "readers")
    token = admin.hidden(page)["csrf_token"]
    with gate.desk() as db:
        groups.set_group_roles(db, COMMAND_LINE, groups.find_group(db, "readers"), ["analyst"])
    admin.post(f"{page}/roles", {"csrf_token": token})
    with gate.desk() as db:
        assert groups.role_names(db, groups.find_group(db, "readers")) == ["analyst"]


def test_groups_are_found_by_word_and_shown_page_by_page(gate: GateUnderTest, admin: Browser) -> None:
    with gate.desk() as db:
        rows = [{"name": f"g{n:03}", "description": f"Floor {n}"} for n in range(120)]
        db.execute(insert(Group), rows)
        db.commit()
    seen: list[str] = []
    link = "?q=FLOOR"
    while link:
        text = admin.get(GROUPS + link).text
        seen += re.findall(r">(g\d\d\d)<", text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        link = found.group(1).replace("&amp;", "&") if found else ""
    assert seen == [f"g{n:03}" for n in range(120)]
    assert re.findall(r">(g\d\d\d)<", admin.get(f"{GROUPS}?q=floor+119").text) == ["g119"]
    assert "No group" in admin.get(f"{GROUPS}?q=%25").text
    assert admin.get(f"{GROUPS}?after=x").status_code == 400


@pytest.mark.timeout(120)
def test_a_group_of_a_hundred_thousand_is_searched_and_shown_page_by_page(
    gate: GateUnderTest, admin: Browser
) -> None:
    """And never all of it at once."""
    page = group(gate, "everybody", members=(ANNA,))
    with gate.desk() as db:
        number = groups.find_group(db, "everybody").id
        for start in range(0, 100_000, 10_000):
            rows = [
                {
                    "fs_uniquifier": f"{n:032x}",
                    "email": f"p{n:06}@example.org",
                    "email_verified": True,
                    "active": True,
                    "created_at": clock.now(),
                    "found_by": f"p{n:06}@example.org ",
                }
                for n in range(start, start + 10_000)
            ]
            db.execute(insert(Person), rows)
        ids = select(Person.id).where(Person.email.startswith("p"))
        db.execute(person_group.insert().from_select(["person_id", "group_id"], ids.add_columns(number)))
        db.commit()
    for query in ("", "?q=p09999", "?after=WyJwMDk5OTAwQGV4YW1wbGUub3JnIl0", "?q=nobody-has-this"):
        answer = admin.get(page + query)
        assert answer.status_code == 200
        assert answer.text.count("Take out</span>") <= 100
    assert "More than 10,000 people" in admin.get(page).text
    assert admin.get(f"{page}?q=p09999").text.count("Take out</span>") == 1
    assert re.findall(r">(p09999\d)@", admin.get(f"{page}?q=p09999").text)[0] == "p099990"
    assert "100,001" in admin.get(GROUPS).text


EVERY_FORM = (
    "",
    "/readers/description",
    "/readers/roles",
    "/readers/join",
    "/readers/leave/{uid}",
    "/readers/remove",
)


def test_every_page_of_groups_is_closed_to_strangers_and_members(gate: GateUnderTest, admin: Browser) -> None:
    group(gate, "readers", "analyst", members=(BEN,))
    anna = gate.browser()
    anna.sign_in()
    token = anna.hidden("/-/profile")["csrf_token"]
    for path in ("", "/readers", "/readers/remove", "/nothing"):
        assert "/-/sign-in" in gate.browser().get(GROUPS + path).location
        assert anna.get(GROUPS + path).status_code == 403
    for path in EVERY_FORM:
        address = GROUPS + path.format(uid=uid_of(gate, BEN))
        fields = {"csrf_token": token, "name": "x", "people": ANNA, "shown": "analyst"}
        assert anna.post(address, fields).status_code == 403
        assert gate.browser().post(address, fields).status_code in {302, 400}
    assert members(gate, "readers") == [BEN]


def test_no_form_of_groups_works_without_its_token(gate: GateUnderTest, admin: Browser) -> None:
    group(gate, "readers", "analyst", members=(BEN,))
    for path in EVERY_FORM:
        answer = admin.post(GROUPS + path.format(uid=uid_of(gate, BEN)), {"name": "x", "people": ANNA})
        assert answer.status_code == 400, path
    assert members(gate, "readers") == [BEN]


def test_what_gives_or_takes_roles_asks_who_it_is_after_a_while(gate: GateUnderTest, admin: Browser) -> None:
    page = group(gate, "readers", "analyst", members=(BEN,))
    token = admin.hidden(page)["csrf_token"]
    with gate.desk() as db:
        for row in db.scalars(select(SessionRow)):
            row.proven_at = None
        db.commit()
    for what in ("roles", "join", f"leave/{uid_of(gate, BEN)}", "remove"):
        answer = admin.post(f"{page}/{what}", {"csrf_token": token, "people": ANNA, "shown": "analyst"})
        assert "/-/confirm" in answer.location, what
    assert members(gate, "readers") == [BEN]


@pytest.mark.parametrize(
    "path", ["/x", "/../people", "/%00", "/readers%00", "/" + "x" * 300, "/readers/leave/x"]
)
def test_a_guessed_group_or_person_is_not_there(gate: GateUnderTest, admin: Browser, path: str) -> None:
    group(gate, "readers")
    hidden = admin.hidden(GROUPS)
    answer = admin.post(GROUPS + path, hidden) if "leave" in path else admin.get(GROUPS + path)
    assert answer.status_code in {400, 404}


def test_a_description_is_shown_as_text(gate: GateUnderTest, admin: Browser) -> None:
    page = group(gate, "readers")
    act(admin, page, "description", description="<script>alert(1)</script>\"'>")
    for address in (GROUPS, page):
        assert "<script>alert" not in admin.get(address).text
        assert "&lt;script&gt;" in admin.get(address).text
