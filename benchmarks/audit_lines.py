"""How fast the audit answers with a million lines: `python -m benchmarks.audit_lines [lines] [database URL]`.

Lines as a site of 20,000 people has them after a year: most are sign-ins, of few addresses many; some actions are
rare. Prints the median and the slowest of the pages that the administrators' page can ask for, and the export.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portico.gate import database, migrations
from portico.gate.audit import reading, retention
from portico.gate.audit.reading import Question
from portico.gate.models import AuditLine

ROUNDS = 15
PEOPLE = 20_000
START = datetime.now(UTC) - timedelta(days=365)
ROOT = "root@example.org"
ACTIONS = [
    ("signed-in", 70),
    ("sign-in-failed", 20),
    ("signed-out", 8),
    ("name-changed", 1.9),
    ("role-added", 0.1),
]


def lines(count: int) -> list[dict[str, Any]]:
    """So many lines, in order."""
    chance = random.Random(7)
    names, weights = zip(*ACTIONS, strict=True)
    found = []
    for number in range(count):
        person = f"person{int(PEOPLE * chance.random() ** 3)}@example.org"
        action = chance.choices(names, weights)[0]
        found.append(
            {
                "at": START + timedelta(seconds=365 * 86400 * number / count),
                "actor": ROOT if action == "role-added" or number % 50 == 0 else person,
                "action": action,
                "subject": person,
                "ip": f"10.0.{int(4 * chance.random() ** 3)}.{int(250 * chance.random() ** 3)}",
                "detail": {"via": "password"},
            }
        )
    return found


def fill(db: Session, count: int) -> None:
    """Add the lines, a batch at a time."""
    rows = lines(count)
    for first in range(0, count, 10_000):
        db.execute(insert(AuditLine), rows[first : first + 10_000])
        db.commit()


QUESTIONS = {
    "everything": Question(),
    "a busy person": Question(person="person3@example.org"),
    "a rare person": Question(person="person19998@example.org"),
    "the administrator": Question(person=ROOT),
    "a common action": Question(action="signed-in"),
    "a rare action": Question(action="role-added"),
    "a common address": Question(address="10.0.0.0"),
    "a rare address": Question(address="10.0.3.249"),
    "an address of nobody": Question(address="192.0.2.1"),
    "a person and a common action": Question(person="person19000@example.org", action="signed-in"),
    "an administrator's rare action": Question(person=ROOT, action="role-added"),
    "a common action from a rare address": Question(action="signed-in", address="10.0.3.249"),
    "a rare action from a common address": Question(action="role-added", address="10.0.0.0"),
    "two that never meet": Question(
        action="role-added", address="10.0.3.249", person="person19000@example.org"
    ),
    "a day in the middle": Question(since=START + timedelta(days=100), until=START + timedelta(days=101)),
    "a failed sign-in on that day": Question(
        action="sign-in-failed", since=START + timedelta(days=100), until=START + timedelta(days=101)
    ),
}


def milliseconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main(count: int, url: str) -> None:
    """Fill, ask, print."""
    engine = database.open_engine(url)
    migrations.upgrade(engine)
    with Session(engine) as db:
        print(f"{count:,} lines written in {milliseconds(lambda: fill(db, count)) / 1000:.0f} s")
        print(f"{'page':40} {'median':>9} {'slowest':>9}   (ms)")
        for name, question in QUESTIONS.items():
            first = reading.page(db, question)
            deep = reading.page(db, question, after=first.next) if first.next else first
            times = [milliseconds(lambda q=question: reading.page(db, q)) for _ in range(ROUNDS)]
            times += [
                milliseconds(lambda q=question, f=first: reading.page(db, q, after=f.next)) for _ in range(3)
            ]
            print(
                f"{name:40} {statistics.median(times):9.1f} {max(times):9.1f}   {len(first.rows)}+{len(deep.rows)}"
            )
        print(f"{'the list of actions':40} {milliseconds(lambda: reading.actions(db)):9.1f}")
        exported = milliseconds(lambda: sum(1 for _ in reading.lines(db, Question())))
        print(f"all lines read for the export: {exported / 1000:.1f} s")
        retention.declare(db, 300)
        removed: list[int] = []
        shortened = milliseconds(lambda: removed.append(retention.shorten(db)))
        batches = -(-removed[0] // retention.BATCH)
        print(
            f"{removed[0]:,} lines past their time removed in {shortened / 1000:.1f} s, "
            f"{shortened / max(batches, 1):.0f} ms a transaction"
        )
    engine.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000,
            sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{Path(folder) / 'audit.db'}",
        )
