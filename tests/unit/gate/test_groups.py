"""Groups give roles to their people, for as long as they are in them; never the role admin."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from gate_client import GateUnderTest
from portico.errors import UserError
from portico.gate.accounts import groups
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import Person


def group(gate: GateUnderTest, name: str, *roles: str, members: tuple[str, ...] = ()) -> None:
    with gate.desk() as db:
        found = groups.add(db, COMMAND_LINE, name, "", roles)
        groups.join(db, COMMAND_LINE, found, members)


def roles_in(answer: Any) -> list[str]:
    claims = jwt.decode(answer.headers["X-Portico-Identity"], options={"verify_signature": False})
    found: list[str] = claims["roles"]
    return found


def test_a_group_opens_what_its_roles_open_until_one_leaves_it(gate: GateUnderTest) -> None:
    gate.person("bob@example.org")
    browser = gate.browser()
    browser.sign_in("bob@example.org")
    assert browser.check("sales").status_code == 403
    group(gate, "readers", "analyst", members=("bob@example.org",))
    assert browser.check("sales").status_code == 204
    assert roles_in(browser.check("home")) == ["analyst"]
    assert "Sales" in browser.get("/").text
    with gate.desk() as db:
        groups.leave(db, COMMAND_LINE, groups.find_group(db, "readers"), ["bob@example.org"])
    assert browser.check("sales").status_code == 403


def test_own_roles_and_those_of_groups_are_told_once_each(gate: GateUnderTest) -> None:
    gate.person("ann@example.org", "analyst")
    group(gate, "one", "analyst", members=("ann@example.org",))
    group(gate, "two", "analyst", members=("ann@example.org",))
    browser = gate.browser()
    browser.sign_in("ann@example.org")
    assert roles_in(browser.check("sales")) == ["analyst"]
    with gate.desk() as db:
        person = find_person(db, "ann@example.org")
        assert groups.roles_of(db, person) == {"analyst"}
        assert groups.groups_of(db, person) == ["one", "two"]


def test_a_change_of_the_groups_roles_counts_at_once_for_its_people(gate: GateUnderTest) -> None:
    gate.person("bob@example.org")
    group(gate, "readers", members=("bob@example.org",))
    browser = gate.browser()
    browser.sign_in("bob@example.org")
    assert browser.check("sales").status_code == 403
    with gate.desk() as db:
        groups.set_group_roles(db, COMMAND_LINE, groups.find_group(db, "readers"), ["analyst"])
    assert browser.check("sales").status_code == 204
    with gate.desk() as db:
        assert groups.remove(db, COMMAND_LINE, "readers") == 1
    assert browser.check("sales").status_code == 403
    with gate.desk() as db:
        assert db.query(Person).count() == 1


def test_no_group_makes_administrators(gate: GateUnderTest) -> None:
    with pytest.raises(UserError, match="cannot give the role admin"):
        group(gate, "chiefs", "admin")
    group(gate, "chiefs")
    with gate.desk() as db, pytest.raises(UserError, match="cannot give the role admin"):
        groups.set_group_roles(db, COMMAND_LINE, groups.find_group(db, "chiefs"), ["admin"])
    assert gate.audit().count("group-roles-changed") == 0


@pytest.mark.parametrize(
    ("name", "roles", "problem"),
    [
        ("Readers", (), "cannot be a group"),
        ("", (), "cannot be a group"),
        ("x", ("analist",), 'did you mean "analyst"'),
    ],
)
def test_a_wrong_group_is_one_line_and_leaves_nothing(
    gate: GateUnderTest, name: str, roles: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        group(gate, name, *roles)
    assert "group-added" not in gate.audit()


def test_names_are_taken_once_and_suggested(gate: GateUnderTest) -> None:
    group(gate, "readers")
    with pytest.raises(UserError, match="already"):
        group(gate, "readers")
    with gate.desk() as db, pytest.raises(UserError, match='did you mean "readers"'):
        groups.find_group(db, "reader")


def test_each_change_of_a_group_is_in_the_audit(gate: GateUnderTest) -> None:
    gate.person("bob@example.org")
    group(gate, "readers", "analyst", members=("bob@example.org",))
    with gate.desk() as db:
        found = groups.find_group(db, "readers")
        assert groups.join(db, COMMAND_LINE, found, ["bob@example.org"]) == 0
        assert groups.leave(db, COMMAND_LINE, found, ["bob@example.org"]) == 1
        assert groups.leave(db, COMMAND_LINE, found, ["bob@example.org"]) == 0
        groups.remove(db, COMMAND_LINE, "readers")
    about = [line for line in gate.audit() if line.startswith("group-")]
    assert about == ["group-added", "group-joined", "group-left", "group-removed"]
