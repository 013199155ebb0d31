"""People from a CSV file and into one: everything wrong at once, all or nothing, and no formula for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gate_client import Browser, GateUnderTest, link_in
from kept_mails import mails, with_mailbox
from portico.gate import clock, roster
from portico.gate.accounts import actions, people
from portico.gate.audit import COMMAND_LINE, Actor
from portico.gate.models import Person
from portico.gate.roster import RosterError, columns
from portico.site import Site

IMPORT, EXPORT = "/-/admin/people/import", "/-/admin/people/export"


@pytest.fixture
def admin(gate: GateUnderTest) -> Browser:
    """A browser in which an administrator is signed in."""
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    return browser


@pytest.fixture
def post(site: Site) -> Iterator[GateUnderTest]:
    """A gate that keeps its mail."""
    found = GateUnderTest(with_mailbox(site))
    yield found
    found.close()


def bring_in(gate: GateUnderTest, text: str, *, dry_run: bool = False) -> roster.Plan:
    """Import a file as the command line does."""
    with gate.desk() as db:
        return roster.bring_in(db, COMMAND_LINE, roster.read(text.encode()), dry_run=dry_run)


def problems(gate: GateUnderTest, text: str) -> list[str]:
    """What is wrong with a file."""
    with pytest.raises(RosterError) as caught:
        bring_in(gate, text)
    return str(caught.value).splitlines()


def people_of(gate: GateUnderTest) -> dict[str, tuple[str, set[str], bool]]:
    """Everybody's name, roles and whether they are active."""
    with gate.desk() as db:
        lines = "".join(roster.write(db))
    return {
        row["email"]: (row["name"], set(filter(None, row["roles"].split(";"))), row["state"] == "active")
        for row in csv.DictReader(io.StringIO(lines))
    }


def test_new_people_are_added_and_known_ones_changed(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    gate.person("anna@example.org", "analyst")
    gate.person("ben@example.org", "analyst")
    plan = bring_in(
        gate,
        "email,name,roles,state\nNew@Example.org,Neu,admin;analyst,\nanna@example.org,,,disabled\n"
        "ben@example.org,Anna,analyst,active\n",
    )
    assert (len(plan.added), len(plan.changed), plan.same) == (1, 1, 1)
    assert people_of(gate) == {
        "root@example.org": ("Anna", {"admin"}, True),
        "anna@example.org": ("Anna", set(), False),
        "ben@example.org": ("Anna", {"analyst"}, True),
        "new@example.org": ("Neu", {"admin", "analyst"}, True),
    }


def test_a_column_that_is_missing_changes_nothing(gate: GateUnderTest) -> None:
    gate.person("anna@example.org", "analyst")
    assert bring_in(gate, "email\nanna@example.org\n").same == 1
    assert people_of(gate)["anna@example.org"] == ("Anna", {"analyst"}, True)


def test_everything_wrong_is_said_at_once_with_its_line(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    text = (
        "email,roles,state\n"
        "anna@example.org,analist,\n"
        "not an address,,\n"
        '"x@example.org","a\nb;c",on\n'
        "y@example.org,,,,\n"
        "anna@example.org,,\n"
        ",,\n"
        ",analyst,\n"
    )
    first = problems(gate, text)
    assert [line.split(":")[0] for line in first] == ["line 3", "line 4", "line 6", "line 7", "line 9"]
    assert "is in line 2 already" in first[3]
    mended = "email,roles\nanna@example.org,analist\nb@example.org,x;admin\n"
    assert problems(gate, mended) == [
        'line 2: roles: no such role: "analist"; did you mean "analyst"?',
        'line 3: roles: no such role: "x"',
    ]
    assert list(people_of(gate)) == ["root@example.org"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "email"),
        (b"name\nAnna\n", "email"),
        (b"email,rolle\n", "did you mean"),
        (b"email,email\n", "twice"),
        (b"email\nanna\xe4@example.org\n", "line 2: not UTF-8"),
        (b"email\nanna\0@example.org\n", "line 2: this is no text"),
        (b'email\n"anna@example.org\n', "line 2"),
        (b"PK\x03\x04\x14\x00", "line 1"),
        (b"email\n" + b"a@example.org\n" * 3, "line 3"),
        (b"email\n" + b"x" * 200_000, "line 2"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(RosterError, match=re.escape(said)):
        roster.read(data)


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_what_spreadsheets_write_is_understood(gate: GateUnderTest, between: str) -> None:
    """With a byte order mark, Windows line ends and another separator."""
    text = f"\ufeffEMAIL{between} Name\r\nanna@example.org{between}Anna\r\n\r\n"
    assert len(bring_in(gate, text).added) == 1
    assert people_of(gate)["anna@example.org"][0] == "Anna"


def test_what_is_exported_comes_back_as_it_was(gate: GateUnderTest) -> None:
    """Also names that a spreadsheet would take for formulas, quotes, separators and emoji."""
    names = ["=1+1", "@SUM(A1)", "+49 30", "-x", "'quoted'", "'=x", 'a"b,c;d', "🌍 Ärger"]
    for number, name in enumerate(names):
        gate.person(f"p{number}@example.org", "analyst")
        with gate.desk() as db:
            actions.rename(db, COMMAND_LINE, people.find_person(db, f"p{number}@example.org"), name)
    with gate.desk() as db:
        text = "".join(roster.write(db))
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    plan = bring_in(gate, text)
    assert (len(plan.added), len(plan.changed), plan.same) == (0, 0, len(names))


def ends(gate: GateUnderTest) -> dict[str, str | None]:
    """When each account ends."""
    with gate.desk() as db:
        return {
            one.email: one.active_until.isoformat() if one.active_until else None
            for one in db.scalars(select(Person))
        }


def test_guests_come_in_with_their_end_and_lose_it_again(gate: GateUnderTest) -> None:
    for name in ("anna", "ben", "cora"):
        gate.person(f"{name}@example.org")
    bring_in(
        gate,
        "email,until\nanna@example.org,2999-12-31\nben@example.org,2999-12-31T18:00+02:00\n"
        "cora@example.org,\nnew@example.org,2999-01-01\n",
    )
    assert ends(gate) == {
        "anna@example.org": "2999-12-31T23:59:59+00:00",
        "ben@example.org": "2999-12-31T16:00:00+00:00",
        "cora@example.org": None,
        "new@example.org": "2999-01-01T23:59:59+00:00",
    }
    plan = bring_in(gate, "email,until\nanna@example.org,Never\nben@example.org,\n")
    assert [one.words for one in plan.changed] == ["has no end any more"]
    assert (ends(gate)["anna@example.org"], ends(gate)["ben@example.org"] is None) == (None, False)
    assert gate.audit().count("end-set") == 4


def test_open_sessions_end_with_a_guests_last_day(gate: GateUnderTest, hands: Any) -> None:
    gate.person("anna@example.org")
    browser = gate.browser()
    browser.sign_in()
    bring_in(gate, f"email,until\nanna@example.org,{clock.now() + timedelta(hours=1)}\n")
    assert browser.check("home").status_code == 204
    hands.move(hours=1, minutes=1)
    assert browser.check("home").status_code == 401


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("31.12.2030", 'line 2: until: "31.12.2030" is no day; write it like 2030-12-31, or never'),
        ("2030-02-30", "is no day"),
        ("0001-01-01T00:00+10:00", "is no day"),
        (
            "2020-01-01",
            "line 2: until: 2020-01-01T23:59:59Z is over; to close the account now, write disabled",
        ),
    ],
)
def test_an_end_that_is_none_says_what_would_be_right(gate: GateUnderTest, cell: str, said: str) -> None:
    gate.person("anna@example.org")
    (problem,) = problems(gate, f"email,until\nanna@example.org,{cell}\n")
    assert said in problem
    assert ends(gate) == {"anna@example.org": None}


def test_a_whole_site_moves_into_an_empty_one(gate: GateUnderTest, tmp_path: Path) -> None:
    """Names, roles, states and ends; also of guests whose time is over."""
    gate.person("root@example.org", "admin", "analyst")
    bring_in(
        gate,
        "email,name,roles,state,until\na@x.example.org,Ä,analyst,disabled,\nb@example.org,,,,2999-12-31\n",
    )
    with gate.desk() as db:
        people.find_person(db, "b@example.org").active_until = clock.now() - timedelta(days=1, microseconds=7)
        db.commit()
        text = "".join(roster.write(db))
        before = people_of(gate), ends(gate)
        for one in db.scalars(select(Person)):
            db.delete(one)
        db.commit()
    assert len(bring_in(gate, text).added) == 3
    assert (people_of(gate), ends(gate)) == before
    assert bring_in(gate, text).same == 3


def test_whoever_is_added_is_invited_by_mail(post: GateUnderTest) -> None:
    """With a link that works once, for a week; whoever cannot come in gets none."""
    text = (
        "email,state,roles\nnew@example.org,,analyst\nshut@example.org,disabled,\nroot@example.org,,admin\n"
    )
    post.person("root@example.org", "admin")
    with post.desk() as db:
        plan = roster.bring_in(db, COMMAND_LINE, roster.read(text.encode()), invited=True)
    assert [email for email, _ in plan.links] == ["new@example.org"]
    (letter,) = mails(post)
    assert letter.to == "new@example.org"
    link = link_in(letter.text)
    new = post.browser()
    password = "a horse and a battery"
    assert new.fill(link, password=password, repeat=password).status_code == 302
    assert new.sign_in("new@example.org", password).status_code == 302
    assert post.browser().get(link).status_code == 404


def test_a_link_for_somebody_new_is_good_for_a_week_and_no_longer(gate: GateUnderTest, hands: Any) -> None:
    with gate.desk() as db:
        plan = roster.bring_in(db, COMMAND_LINE, roster.read(b"email\nnew@example.org\n"), invited=True)
    ((_, token),) = plan.links
    hands.move(days=6, hours=23)
    assert gate.browser().get(f"/-/reset/{token}").status_code == 200
    hands.move(hours=2)
    assert gate.browser().get(f"/-/reset/{token}").status_code == 404


def test_links_for_new_people_end_with_the_rights_of_whoever_made_them(gate: GateUnderTest) -> None:
    """Nobody keeps a way into an account that they made as an administrator."""
    gate.person("root@example.org", "admin")
    gate.person("second@example.org", "admin")
    with gate.desk() as db:
        made = roster.read(b"email,roles\nnew@example.org,admin\n")
        ((_, token),) = roster.bring_in(db, Actor("second@example.org"), made, invited=True).links
    page = f"/-/reset/{token}"
    hidden = gate.browser().hidden(page)
    assert hidden
    with gate.desk() as db:
        actions.set_roles(db, COMMAND_LINE, people.find_person(db, "second@example.org"), [])
    assert gate.browser().get(page).status_code == 404
    browser = gate.browser()
    password = "a horse and a battery"
    form = browser.hidden("/-/sign-in") | {"password": password, "repeat": password}
    assert browser.post(page, form).status_code == 404
    with gate.desk() as db:
        assert people.find_person(db, "new@example.org").password is None


def test_a_file_that_fails_invites_nobody(post: GateUnderTest) -> None:
    post.person("root@example.org", "admin")
    text = b"email,roles\nnew@example.org,\nroot@example.org,\n"
    with post.desk() as db, pytest.raises(RosterError):
        roster.bring_in(db, COMMAND_LINE, roster.read(text), invited=True)
    with post.desk() as db:
        roster.bring_in(
            db, COMMAND_LINE, roster.read(b"email\nnew@example.org\n"), dry_run=True, invited=True
        )
        many = "email\n" + "".join(f"p{n}@example.org\n" for n in range(2001))
        with pytest.raises(RosterError, match="2,001 people to invite"):
            roster.bring_in(db, COMMAND_LINE, roster.read(many.encode()), invited=True)
    assert mails(post) == []
    assert list(people_of(post)) == ["root@example.org"]


def test_without_mail_the_page_shows_each_link_once(gate: GateUnderTest, admin: Browser) -> None:
    form = {"csrf_token": admin.hidden(IMPORT)["csrf_token"], "carry_out": "yes", "invite": "yes"}
    text = "email\nanna@example.org\nben@example.org\n"
    shown = admin.post(IMPORT, form | {"text": text}, content_type="multipart/form-data")
    found = re.findall(r"([a-z]+@example.org),http://localhost:8000(/-/reset/[\w-]{43})", shown.text)
    assert [email for email, _ in found] == ["anna@example.org", "ben@example.org"]
    assert all(gate.browser().get(link).status_code == 200 for _, link in found)
    assert shown.headers["Cache-Control"].find("no-store") >= 0


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠SUM(A1)", "'=1+1"]
)
def test_no_cell_of_an_export_is_a_formula(text: str) -> None:
    """Nor in the wide letters that some spreadsheets take for one."""
    assert columns.guarded(text) == f"'{text}"
    assert columns.unguarded(columns.guarded(text)) == text


def test_a_dry_run_tells_and_keeps_nothing(gate: GateUnderTest) -> None:
    before = gate.audit()
    plan = bring_in(gate, "email,roles\nanna@example.org,analyst\n", dry_run=True)
    assert [one.words for one in plan.added] == ["added; gets analyst"]
    assert people_of(gate) == {}
    assert gate.audit() == before


@pytest.mark.parametrize("cells", ["analyst,active", "admin,disabled", ",", "analyst,disabled"])
def test_no_file_takes_the_last_administrator_away(gate: GateUnderTest, cells: str) -> None:
    gate.person("root@example.org", "admin")
    text = f"email,roles,state\nnew@example.org,,\nroot@example.org,{cells}\n"
    assert problems(gate, text)[0].startswith("line 3: the site would be left without an administrator")
    assert people_of(gate) == {"root@example.org": ("Anna", {"admin"}, True)}


def test_a_file_may_hand_the_administration_over(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    bring_in(gate, "email,roles\nroot@example.org,\nnew@example.org,admin\n")
    assert people_of(gate)["new@example.org"][1] == {"admin"}


def test_whoever_a_file_disables_is_signed_out(gate: GateUnderTest) -> None:
    gate.person("anna@example.org")
    browser = gate.browser()
    browser.sign_in()
    bring_in(gate, "email,state\nanna@example.org,disabled\n")
    assert browser.get("/-/profile").status_code == 302
    assert browser.sign_in().status_code != 302


def test_the_audit_has_a_line_for_each_person_and_one_for_the_file(gate: GateUnderTest) -> None:
    gate.person("anna@example.org")
    before = len(gate.audit())
    bring_in(gate, "email,name,roles,state\nanna@example.org,A,analyst,disabled\nnew@example.org,,,\n")
    assert gate.audit()[before:] == [
        "person-created",
        "name-changed",
        "roles-changed",
        "person-disabled",
        "people-imported",
    ]


def test_ten_thousand_people_come_in_within_seconds(gate: GateUnderTest) -> None:
    """And are searched like any others."""
    text = "email,name,roles\n" + "".join(f"p{n}@example.org,Person {n},analyst\n" for n in range(10_000))
    assert len(bring_in(gate, text).added) == 10_000
    assert bring_in(gate, text).same == 10_000


def test_on_the_page_nothing_changes_until_it_is_said_twice(gate: GateUnderTest, admin: Browser) -> None:
    data = b"email,name,roles\nanna@example.org,Anna,analyst\n"
    seen = admin.fill(IMPORT, file=(io.BytesIO(data), "people.csv"))
    assert "1 to add" in seen.text
    assert "anna@example.org" in seen.text
    assert "anna@example.org" not in people_of(gate)
    hidden = {"csrf_token": admin.hidden(IMPORT)["csrf_token"], "carry_out": "yes", "text": data.decode()}
    done = admin.post(IMPORT, hidden, content_type="multipart/form-data")
    assert "1 added" in admin.get(done.location).text
    assert people_of(gate)["anna@example.org"][1] == {"analyst"}


def test_the_page_lists_what_is_wrong_and_shows_markup_as_text(gate: GateUnderTest, admin: Browser) -> None:
    data = b"email,roles\n<b>x,\nanna@example.org,<script>\n"
    answer = admin.fill(IMPORT, file=(io.BytesIO(data), "people.csv"))
    assert answer.status_code == 400
    assert "line 2" in answer.text
    assert "<b>x" not in answer.text


def test_a_file_of_almost_a_megabyte_is_taken_and_a_larger_one_is_not(
    gate: GateUnderTest, admin: Browser
) -> None:
    line = "p{:05}@example.org," + "x" * 120 + "\n"
    data = "email,name\n" + "".join(line.format(n) for n in range(6900))
    assert 950_000 < len(data) < 1_000_000
    assert "6,900 to add" in admin.fill(IMPORT, file=(io.BytesIO(data.encode()), "p.csv")).text
    token = admin.hidden(IMPORT)["csrf_token"]
    form = {"csrf_token": token, "carry_out": "yes", "text": data}
    assert admin.post(IMPORT, form, content_type="multipart/form-data").status_code == 302
    assert admin.fill(IMPORT, file=(io.BytesIO(b"x" * 1_200_000), "p.csv")).status_code == 413


def test_a_stranger_cannot_send_a_large_file(gate: GateUnderTest) -> None:
    """Only those who may import get the room for it."""
    gate.person("anna@example.org")
    anna = gate.browser()
    anna.sign_in()
    for browser in (gate.browser(), anna):
        form = {"file": (io.BytesIO(b"x" * 500_000), "p.csv")}
        assert browser.post(IMPORT, form, content_type="multipart/form-data").status_code == 413


def test_an_export_has_what_the_list_shows_and_is_noted(gate: GateUnderTest, admin: Browser) -> None:
    gate.person("anna@example.org", "analyst")
    answer = admin.get(f"{EXPORT}?role=analyst")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [row["email"] for row in csv.DictReader(io.StringIO(answer.text))] == ["anna@example.org"]
    assert "people-exported" in gate.audit()
