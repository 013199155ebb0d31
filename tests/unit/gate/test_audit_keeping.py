"""The audit can only grow, lines go when their time is over and not before, and no change goes without its line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gate_client import HASH, GateUnderTest
from portico.errors import UserError
from portico.gate.accounts import actions, roles, session_actions
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE, retention
from portico.gate.housekeeping import clear_away
from portico.gate.models import AuditLine, AuditRetention, Person, Role, SessionRow
from portico.site.model import Audit

NOW = datetime.now(UTC)


def old_lines(gate: GateUnderTest, *days: float) -> None:
    """Lines that are so many days old."""
    rows = [
        {
            "at": NOW - timedelta(days=age),
            "actor": "x",
            "action": f"aged-{age:g}",
            "subject": "",
            "ip": "",
            "detail": {},
        }
        for age in days
    ]
    with gate.desk() as db:
        db.execute(insert(AuditLine), rows)
        db.commit()


def left(gate: GateUnderTest) -> list[str]:
    """Which of them are still there."""
    return [action for action in gate.audit() if action.startswith("aged-")]


def test_lines_older_than_the_retention_go_and_no_others(gate: GateUnderTest) -> None:
    """400 days, unless the site says otherwise; that they went is a line itself."""
    old_lines(gate, 1000, 401, 399, 1)
    with gate.desk() as db:
        assert retention.shorten(db) == 2
        line = db.scalars(select(AuditLine).order_by(AuditLine.id.desc())).first()
        assert line is not None
        assert (line.actor, line.action) == ("retention", "audit-shortened")
        assert line.detail["lines"] == 2
        assert retention.shorten(db) == 0
    assert left(gate) == ["aged-399", "aged-1"]


@pytest.mark.parametrize(
    "statement",
    [
        update(AuditLine).values(actor="somebody else"),
        delete(AuditLine),
        delete(AuditLine).where(AuditLine.action == "aged-399"),
        text("UPDATE audit SET detail = '{}' WHERE action = 'aged-1000'"),
    ],
    ids=["update", "delete all", "delete one too young", "update one that may go"],
)
def test_the_database_refuses_what_is_not_retention(gate: GateUnderTest, statement: Any) -> None:
    """Whoever writes the statement."""
    old_lines(gate, 1000, 399)
    before = gate.audit()
    with gate.desk() as db, pytest.raises(DBAPIError, match="append-only"):
        db.execute(statement)
    assert gate.audit() == before


def test_no_retention_no_deletion(gate: GateUnderTest) -> None:
    """`keep = "never"`, or a database that has not been told."""
    old_lines(gate, 5000)
    for forget in (lambda db: retention.declare(db, None), lambda db: db.execute(delete(AuditRetention))):
        with gate.desk() as db:
            forget(db)
            db.commit()
            assert retention.shorten(db) == 0
            with pytest.raises(DBAPIError, match="append-only"):
                db.execute(delete(AuditLine))
    assert left(gate) == ["aged-5000"]


def test_less_than_thirty_days_is_refused_by_the_database_itself(gate: GateUnderTest) -> None:
    """So that nobody who may write to it empties the audit by a detour."""
    with gate.desk() as db, pytest.raises(DBAPIError):
        db.execute(update(AuditRetention).values(days=1))
    with gate.desk() as db, pytest.raises(DBAPIError):
        db.execute(insert(AuditRetention).values(id=2, days=30))


def test_another_retention_is_a_line_and_holds_from_the_next_start(gate: GateUnderTest) -> None:
    """Who reads the audit sees when it was made shorter."""
    old_lines(gate, 399, 50)
    site = replace(gate.site, audit=Audit(keep=60 * 86400.0))
    with open_desk(site) as db:
        line = db.scalars(select(AuditLine).order_by(AuditLine.id.desc())).first()
        assert line is not None
        assert (line.actor, line.action) == ("portico.toml", "audit-retention-set")
        assert line.detail == {"days": 60, "before": 400}
        count = db.scalar(select(func.count()).select_from(AuditLine))
    with open_desk(site) as db:
        assert db.scalar(select(func.count()).select_from(AuditLine)) == count
        clear_away(db.get_bind())  # type: ignore[arg-type]
    with open_desk(site) as db:
        assert db.scalars(select(AuditLine.action).where(AuditLine.action.like("aged%"))).all() == ["aged-50"]


def test_many_old_lines_go_in_small_transactions(
    gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody who writes waits long for it."""
    monkeypatch.setattr(retention, "BATCH", 10)
    old_lines(gate, *[500 + number for number in range(35)])
    with gate.desk() as db:
        assert retention.shorten(db) == 35
    assert left(gate) == []
    assert gate.audit().count("audit-shortened") == 4


@contextmanager
def broken_audit(gate: GateUnderTest) -> Iterator[Session]:
    """The gate's database while the audit takes no line."""
    with gate.desk() as db:
        if db.get_bind().dialect.name == "sqlite":
            broken = [
                "CREATE TRIGGER audit_broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
            ]
            mended = "DROP TRIGGER audit_broken"
        else:
            broken = [
                "CREATE FUNCTION audit_full() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'full'; END $$",
                "CREATE TRIGGER audit_broken BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_full()",
            ]
            mended = "DROP TRIGGER audit_broken ON audit"
        for statement in broken:
            db.execute(text(statement))
        db.commit()
        try:
            yield db
        finally:
            db.rollback()
            db.execute(text(mended))
            db.commit()


CHANGES: dict[str, Any] = {
    "create_person": lambda db, person, _site: actions.create_person(db, COMMAND_LINE, "new@example.org"),
    "set_roles": lambda db, person, _site: actions.set_roles(db, COMMAND_LINE, person, ["analyst"]),
    "disable": lambda db, person, _site: actions.disable(db, COMMAND_LINE, person),
    "rename": lambda db, person, _site: actions.rename(db, COMMAND_LINE, person, "Other"),
    "change_password": lambda db, person, _site: actions.change_password(
        db, COMMAND_LINE, person, HASH, keep=None
    ),
    "issue_reset_link": lambda db, person, _site: actions.issue_reset_link(db, COMMAND_LINE, person),
    "end_all sessions": lambda db, person, _site: session_actions.end_all(db, COMMAND_LINE, person),
    "end one session": lambda db, person, _site: session_actions.end(
        db, COMMAND_LINE, db.scalar(select(SessionRow.id))
    ),
    "add a role": lambda db, person, _site: roles.add(db, COMMAND_LINE, "another"),
    "sign in": lambda db, person, site: actions.sign_in(
        db, person, site.sessions, via="password", remember=False, ip="", user_agent=""
    ),
    "shorten the audit": lambda db, person, _site: retention.shorten(db),
    "set the retention": lambda db, person, _site: retention.declare(db, 90),
}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_whose_line_cannot_be_written_does_not_happen(gate: GateUnderTest, change: str) -> None:
    """The disk is full, the table is broken: nothing is changed in secret."""
    gate.person()
    gate.browser().sign_in()
    old_lines(gate, 1000)
    before = _everything(gate)
    with broken_audit(gate) as db:
        person = db.scalar(select(Person))
        with pytest.raises((DBAPIError, UserError)):
            CHANGES[change](db, person, gate.site)
    assert _everything(gate) == before


def test_nobody_signs_in_while_the_audit_takes_no_line(gate: GateUnderTest) -> None:
    """The visitor learns that it is not their fault, and has no session."""
    gate.person()
    browser = gate.browser()
    with broken_audit(gate):
        assert browser.sign_in().status_code >= 500
        assert browser.check("home").status_code == 401
    assert browser.sign_in().status_code == 302


def _everything(gate: GateUnderTest) -> list[Any]:
    """What people, roles, sessions and links are in the database."""
    with gate.desk() as db:
        return [
            db.execute(select(Person.email, Person.name, Person.password, Person.active)).all(),
            db.execute(select(Role.name)).all(),
            db.execute(select(SessionRow.token_hash)).all(),
            db.execute(text("SELECT token_hash FROM link WHERE kind <> 'first-run'")).all(),
            db.execute(text("SELECT * FROM person_role")).all(),
            db.execute(select(AuditLine.id)).all(),
            db.execute(select(AuditRetention.days)).all(),
        ]
