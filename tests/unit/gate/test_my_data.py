"""What people get of what is kept about them, and how they leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from gate_client import HASH, GateUnderTest
from kept_mails import mails, with_mailbox
from portico.gate.accounts import belongings, my_data, proofs
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import AuditLine, Base, Person
from portico.site import Site

ANNA = "anna@example.org"


@pytest.fixture
def gate(site: Site) -> Iterator[GateUnderTest]:
    """A gate that keeps its mails."""
    gate = GateUnderTest(with_mailbox(site))
    yield gate
    gate.close()


def test_the_export_has_the_account_and_what_happened_and_no_secret(gate: GateUnderTest) -> None:
    gate.person(ANNA, "analyst")
    gate.person("ben@example.org")
    browser = gate.browser(HTTP_USER_AGENT="Mozilla/5.0 Firefox/140.0")
    browser.sign_in()
    gate.browser().sign_in("ben@example.org")
    answer = browser.get("/-/my-data/export")
    assert "attachment" in answer.headers["Content-Disposition"]
    data = json.loads(answer.text)
    assert data["account"]["address"] == ANNA
    assert data["account"]["roles"] == ["analyst"]
    assert data["session"][0]["ip"] == "192.0.2.7"
    assert "signed-in" in {line["action"] for line in data["audit"]}
    assert "ben@example.org" not in answer.text
    assert HASH not in answer.text
    assert "argon2" not in answer.text
    assert "hash" not in answer.text
    assert browser.cookie is not None
    assert browser.cookie not in answer.text


def test_every_table_with_a_person_in_it_is_exported_or_says_why_not() -> None:
    """And no column that looks like a secret comes along."""
    belongs = {
        table.name
        for table in Base.metadata.sorted_tables
        if "person_id" in table.columns and table.name != "person_role"
    }
    assert {table.name for table in belongings.tables()} | set(belongings.NOT_EXPORTED) == belongs | {"link"}


@pytest.mark.parametrize("how", ["new", "moved"])
def test_who_has_an_address_that_was_somebody_elses_gets_nothing_of_theirs(
    gate: GateUnderTest, hands: Any, how: str
) -> None:
    """Neither where the former owner signed in from, nor what they did."""
    gate.person(ANNA)
    gate.browser(REMOTE_ADDR="198.51.100.99").sign_in()
    with gate.desk() as db:
        my_data.delete_person(db, COMMAND_LINE, find_person(db, ANNA))
    hands.move(days=1)
    if how == "moved":
        gate.person("berta@example.org")
        hands.move(days=1)
        with gate.desk() as db:
            proofs.change_address(db, COMMAND_LINE, find_person(db, "berta@example.org"), ANNA)
    else:
        gate.person(ANNA)
    browser = gate.browser()
    browser.sign_in()
    answer = browser.get("/-/my-data/export")
    assert "198.51.100.99" not in answer.text
    actions = [line["action"] for line in json.loads(answer.text)["audit"]]
    assert "person-deleted" not in actions
    assert actions[-1] == ("address-changed" if how == "moved" else "person-created")
    assert "signed-in" in actions


def test_nobody_gets_somebody_elses_data(gate: GateUnderTest) -> None:
    assert gate.browser().get("/-/my-data/export").status_code == 302
    assert gate.browser().get("/-/my-data/delete").status_code == 302


def test_an_account_is_deleted_with_all_that_belongs_to_it(gate: GateUnderTest) -> None:
    """The address has to be typed in; a mail says that it is done; the audit stays."""
    gate.person("root@example.org", "admin")
    gate.person(ANNA, "analyst")
    browser, elsewhere = gate.browser(), gate.browser()
    browser.sign_in()
    elsewhere.sign_in()
    assert "not the address" in browser.fill("/-/my-data/delete", email="root@example.org").text
    answer = browser.fill("/-/my-data/delete", email="Anna@example.org ")
    assert answer.location.endswith("/-/sign-in?account-deleted")
    assert elsewhere.check("home").status_code == 401
    assert gate.browser().sign_in().status_code == 401
    with gate.desk() as db:
        assert db.scalar(select(Person).where(Person.email == ANNA)) is None
        for table in belongings.tables():
            gone = table.c.person_id.is_not(None) & table.c.person_id.not_in(select(Person.id))
            left = db.execute(select(func.count()).select_from(table).where(gone))
            assert left.scalar() == 0, table.name
        assert db.scalar(
            select(AuditLine).where(AuditLine.action == "person-deleted", AuditLine.subject == ANNA)
        )
    assert mails(gate, ANNA)[-1].subject == "Your account on Example is deleted"


def test_the_last_administrator_cannot_leave(gate: GateUnderTest) -> None:
    gate.person(ANNA, "admin")
    browser = gate.browser()
    browser.sign_in()
    assert browser.fill("/-/my-data/delete", email=ANNA).status_code == 409
    assert browser.check("home").status_code == 204


def test_a_deleted_id_is_never_somebody_elses(gate: GateUnderTest) -> None:
    """What apps keep under `sub` belongs to nobody after."""
    gate.person("root@example.org", "admin")
    gate.person(ANNA)
    browser = gate.browser()
    browser.sign_in()
    with gate.desk() as db:
        before = db.scalar(select(Person).where(Person.email == ANNA))
    browser.fill("/-/my-data/delete", email=ANNA)
    gate.person(ANNA)
    with gate.desk() as db:
        after = db.scalar(select(Person).where(Person.email == ANNA))
    assert before is not None
    assert after is not None
    assert after.id > before.id
    assert after.fs_uniquifier != before.fs_uniquifier
