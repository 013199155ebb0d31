"""Reading the audit: the page, its filters, the export, the command line's way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from gate_client import Browser, GateUnderTest
from portico.gate.audit import reading
from portico.gate.audit.reading import Question
from portico.gate.models import AuditLine

DAY = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = ("anna@example.org", "berta@example.org", "carla@example.org")


def fill(gate: GateUnderTest, count: int = 300) -> list[dict[str, Any]]:
    """Lines of three people, three actions, three addresses, a minute apart; two share each moment."""
    rows = [
        {
            "at": DAY + timedelta(minutes=number // 2),
            "actor": PEOPLE[number % 3],
            "action": ("signed-in", "roles-changed", "name-changed")[number % 7 % 3],
            "subject": PEOPLE[number % 5 % 3],
            "ip": f"192.0.2.{number % 4 % 3}",
            "detail": {"number": number},
        }
        for number in range(count)
    ]
    with gate.desk() as db:
        db.execute(insert(AuditLine), rows)
        db.commit()
    return rows


def numbers(lines: Any) -> list[int]:
    """The numbers that `fill` gave the lines."""
    return [line.detail["number"] for line in lines if "number" in line.detail]


QUESTIONS = [
    Question(since=DAY, until=DAY + timedelta(days=1)),
    Question(person="anna@example.org"),
    Question(action="roles-changed"),
    Question(address="192.0.2.1"),
    Question(person="anna@example.org", action="signed-in"),
    Question(person="berta@example.org", action="name-changed", address="192.0.2.2"),
    Question(action="signed-in", address="192.0.2.0", since=DAY + timedelta(minutes=30)),
    Question(
        person="carla@example.org", since=DAY + timedelta(minutes=20), until=DAY + timedelta(minutes=90)
    ),
    Question(person="nobody@example.org"),
]


def right(rows: list[dict[str, Any]], question: Question) -> list[int]:
    """What the answer must be, worked out without a database; the newest first."""
    found = [
        row["detail"]["number"]
        for row in rows
        if (not question.person or question.person in (row["actor"], row["subject"]))
        and (not question.action or row["action"] == question.action)
        and (not question.address or row["ip"] == question.address)
        and (question.since is None or row["at"] >= question.since)
        and (question.until is None or row["at"] < question.until)
    ]
    return found[::-1]


@pytest.mark.parametrize("question", QUESTIONS, ids=repr)
def test_every_page_in_both_directions_and_the_export_have_the_same_lines(
    gate: GateUnderTest, question: Question
) -> None:
    """Each line once, in order, whichever way one turns the pages."""
    rows = fill(gate)
    expected = right(rows, question)
    with gate.desk() as db:
        there, cursor, pages = [], None, []
        while True:
            page = reading.page(db, question, after=cursor, size=7)
            pages.append(page)
            there += numbers(page.rows)
            if page.next is None:
                break
            cursor = page.next
        assert there == expected
        back, cursor = list(numbers(pages[-1].rows)), pages[-1].previous
        while cursor is not None:
            page = reading.page(db, question, before=cursor, size=7)
            back = numbers(page.rows) + back
            cursor = page.previous
        assert back == expected
        assert numbers(reading.lines(db, question)) == expected[::-1]
        assert numbers(reading.newest(db, question, 5)) == expected[:5][::-1]


def administrator(gate: GateUnderTest) -> Browser:
    """A browser of somebody who may read the audit."""
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    return browser


def test_the_page_shows_who_what_when_and_from_where(gate: GateUnderTest) -> None:
    """And narrows it."""
    browser = administrator(gate)
    fill(gate, 20)
    text = browser.get("/-/admin/audit?person=ANNA@example.org&action=signed-in").text
    assert "signed in" in text
    for word in ("2026-03-01 00:0", "anna@example.org", "192.0.2.", "number: "):
        assert word in text
    assert "There is no line like that" in browser.get("/-/admin/audit?address=203.0.113.1").text
    assert "is not a day" in browser.get("/-/admin/audit?since=yesterday").text
    assert browser.get("/-/admin/audit?after=%00nonsense").status_code == 400


def test_the_export_is_json_lines_and_a_line_itself(gate: GateUnderTest) -> None:
    """All that the filter leaves, the oldest first."""
    browser = administrator(gate)
    rows = fill(gate, 2500)
    data = {"csrf_token": browser.hidden("/-/admin/audit")["csrf_token"], "person": "anna@example.org"}
    answer = browser.post("/-/admin/audit/export", data)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["detail"]["number"] for line in lines] == right(rows, Question(person="anna@example.org"))[
        ::-1
    ]
    assert set(lines[0]) == {"id", "at", "actor", "action", "subject", "ip", "detail"}
    assert gate.audit()[-1] == "audit-exported"


@pytest.mark.parametrize("who", ["stranger", "member"])
def test_only_who_may_read_the_audit_does(gate: GateUnderTest, who: str) -> None:
    """Neither the page nor the export."""
    gate.person()
    browser = gate.browser()
    if who == "member":
        browser.sign_in()
    for answer in (
        browser.get("/-/admin/audit", headers={"Accept": "application/json"}),
        browser.post(
            "/-/admin/audit/export", browser.hidden("/-/sign-out" if who == "member" else "/-/sign-in")
        ),
    ):
        assert (
            answer.status_code == (403 if who == "member" else 401)
            or "/-/sign-in" in answer.headers["Location"]
        )
    assert "audit-exported" not in gate.audit()


def test_the_export_takes_its_forms_token(gate: GateUnderTest) -> None:
    """Another site cannot make an administrator's browser write the line."""
    browser = administrator(gate)
    assert browser.post("/-/admin/audit/export").status_code == 400
    assert browser.get("/-/admin/audit/export").status_code in {404, 405}


def test_what_was_typed_into_a_form_cannot_break_the_page(gate: GateUnderTest) -> None:
    """Everything in a line was once somebody's input."""
    browser = administrator(gate)
    with gate.desk() as db:
        db.add(
            AuditLine(actor="<script>x", action="<b>", subject="<i>", ip="<u>", detail={"<s>": "<script>"})
        )
        db.commit()
    text = browser.get("/-/admin/audit").text
    for tag in ("<script>x", "<b>", "<i>", "<u>", "<s>"):
        assert tag not in text


def test_whoever_is_refused_at_a_door_is_a_line_once(gate: GateUnderTest) -> None:
    """An app that is not theirs, a page that is not for them; a stranger is nobody yet."""
    gate.person()
    browser = gate.browser()
    gate.browser().check("sales")
    browser.sign_in()
    for _ in range(3):
        assert browser.check("sales").status_code == 403
        assert browser.check("no-such-app").status_code == 403
        assert browser.get("/-/admin/audit").status_code == 403
    assert gate.audit()[-2:] == ["entry-refused", "page-refused"]
    with gate.desk() as db:
        lines = list(reading.lines(db, Question(person="anna@example.org")))[-2:]
    assert [line.subject for line in lines] == ["sales", "admin_audit.audit"]
