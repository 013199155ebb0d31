"""People from a CSV file and into one: everything wrong at once, all or nothing, and no formula for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

import pytest

from gate_client import Browser, GateUnderTest
from portico.gate import roster
from portico.gate.accounts import actions, people
from portico.gate.audit import COMMAND_LINE
from portico.gate.roster import RosterError

IMPORT, EXPORT = "/-/admin/people/import", "/-/admin/people/export"


@pytest.fixture
def admin(gate: GateUnderTest) -> Browser:
    """A browser in which an administrator is signed in."""
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    return browser


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
        'line 2: no such role: "analist"; did you mean "analyst"?',
        'line 3: no such role: "x"',
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
