"""Reading the audit: who, what, when, from where. Made for millions of lines: every way to narrow it has its index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from portico.gate import paging
from portico.gate.models import AuditLine
from portico.gate.paging import Page

KEYS = (AuditLine.at, AuditLine.id)
BATCH = 1000  # lines read at a time, so that nobody waits for a reader
WEIGHED = 5000  # up to so many lines, an index is the better the fewer lines it leads to


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the audit; "" and None: anything. `person` did it, or it was done to them.

    `since` is included, `until` is not.
    """

    person: str = ""
    action: str = ""
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def narrow(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.person or self.action or self.address or self.since or self.until)

    def statement(self) -> Select[Any]:
        """The lines that answer it, in no order yet."""
        found = select(AuditLine)
        if self.person:
            found = found.where((AuditLine.actor == self.person) | (AuditLine.subject == self.person))
        return self._narrowed(found, "")

    def parts(self, db: Session) -> list[Select[Any]]:
        """The same as statements that share no line, each with one index to go by: deeds of a person, deeds done to
        them."""
        if not self.person:
            return [self._narrowed(select(AuditLine), self._best(db))]
        best = self._best(db)
        by = AuditLine.actor == self.person
        to = (_quiet(AuditLine.subject) if best else AuditLine.subject) == self.person
        if best:
            by = _quiet(AuditLine.actor) == self.person
        return [
            self._narrowed(select(AuditLine).where(by), best or "actor"),
            self._narrowed(select(AuditLine).where(to, AuditLine.actor != self.person), best or "subject"),
        ]

    def _narrowed(self, found: Select[Any], index: str) -> Select[Any]:
        for name, column, value in (
            ("action", AuditLine.action, self.action),
            ("ip", AuditLine.ip, self.address),
        ):
            if value:
                found = found.where((_quiet(column) if index and index != name else column) == value)
        if self.since is not None:
            found = found.where(AuditLine.at >= self.since)
        if self.until is not None:
            found = found.where(AuditLine.at < self.until)
        return found

    def _best(self, db: Session) -> str:
        """The column, of those that are asked for beside a person, whose index leads to the fewest lines; "": none.

        SQLite does not know how often a value occurs, and would as soon walk through every sign-in ever.
        """
        asked = {"action": self.action, "ip": self.address}
        asked = {name: value for name, value in asked.items() if value}
        weights = {name: _weight(db, name, value, self) for name, value in asked.items()}
        if self.person:
            weights[""] = _weight(db, "actor", self.person, self) + _weight(db, "subject", self.person, self)
        return min(weights, key=lambda name: weights[name]) if weights else ""


def _weight(db: Session, column: str, value: str, question: Question) -> int:
    some = select(1).where(getattr(AuditLine, column) == value)
    if question.since is not None:
        some = some.where(AuditLine.at >= question.since)
    if question.until is not None:
        some = some.where(AuditLine.at < question.until)
    return db.scalar(select(func.count()).select_from(some.limit(WEIGHED).subquery())) or 0


def _quiet(column: Any) -> Any:
    """The column as an expression, which no index is used for."""
    return column + ""


def page(
    db: Session,
    question: Question,
    *,
    after: str | None = None,
    before: str | None = None,
    size: int = paging.SIZE,
) -> Page[AuditLine]:
    """One page of the answer, the newest line first. WrongCursorError for a cursor that is none."""
    pages = [
        paging.keyset(db, part, *KEYS, descending=True, size=size, after=after, before=before)
        for part in question.parts(db)
    ]
    if len(pages) == 1:
        return pages[0]
    rows = sorted((row for found in pages for row in found.rows), key=_key, reverse=True)
    backwards = before is not None and after is None
    kept = rows[-size:] if backwards else rows[:size]
    if not kept:
        return Page(())
    cut = len(rows) > size
    has_previous = any(found.previous for found in pages) or (backwards and cut)
    has_next = any(found.next for found in pages) or (not backwards and cut)
    first, last = paging.cursor_of(_key(kept[0])), paging.cursor_of(_key(kept[-1]))
    return Page(tuple(kept), first if has_previous else None, last if has_next else None)


def _key(line: AuditLine) -> tuple[datetime, int]:
    return line.at, line.id


def lines(db: Session, question: Question) -> Iterator[AuditLine]:
    """All lines that answer it, the oldest first, read a thousand at a time and forgotten after use."""
    yield from merge(*(_batches(db, part) for part in question.parts(db)), key=_key)


def newest(db: Session, question: Question, limit: int) -> list[AuditLine]:
    """The newest lines that answer it, at most so many, the oldest of them first."""
    return list(page(db, question, size=limit).rows)[::-1]


def _batches(db: Session, statement: Select[Any]) -> Iterator[AuditLine]:
    bound: tuple[datetime, int] | None = None
    while True:
        some = statement if bound is None else statement.where(tuple_(*KEYS) > bound)
        found = list(db.scalars(some.order_by(*KEYS).limit(BATCH)))
        for line in found:
            db.expunge(line)
        db.rollback()  # the next batch may see what has come since, and nothing is kept from being cleaned up
        yield from found
        if len(found) < BATCH:
            return
        bound = _key(found[-1])


def actions(db: Session) -> list[str]:
    """The actions that occur, by name: one look into the index for each, however many lines there are."""
    found: list[str] = []
    following = db.scalar(select(func.min(AuditLine.action)))
    while following is not None:
        found.append(following)
        following = db.scalar(select(func.min(AuditLine.action)).where(AuditLine.action > following))
    return found


def as_record(line: AuditLine) -> dict[str, Any]:
    """The line as programs read it."""
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "actor": line.actor,
        "action": line.action,
        "subject": line.subject,
        "ip": line.ip,
        "detail": line.detail,
    }
