"""Writing people as a CSV file that a spreadsheet opens and an import takes back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from portico.gate import paging
from portico.gate.accounts import directory
from portico.gate.accounts.directory import Search
from portico.gate.models import Person
from portico.gate.roster.columns import BETWEEN_ROLES, READ, TOLD, guarded, written_end


def write(db: Session, search: Search | None = None) -> Iterator[str]:
    """The people that a search finds (None: all), by address, some lines at a time. Ends lines as RFC 4180 says."""
    yield _lines([[*READ, *TOLD]])
    after: str | None = None
    while True:
        ids = paging.keyset(
            db, (search or Search()).statement(), Person.email, size=paging.LARGEST, after=after
        )
        page = directory.people(db, ids)
        yield _lines([_cells(person) for person in page.rows])
        after = page.next
        if after is None:
            return
        db.expunge_all()  # a hundred thousand people do not stay in memory
        db.rollback()  # nor does a slow reader keep the database from being cleaned up


def _cells(person: Person) -> list[str]:
    return [
        person.email,
        person.name,
        BETWEEN_ROLES.join(sorted(person.role_names)),
        "active" if person.active else "disabled",
        written_end(person.active_until),
        "yes" if person.email_verified else "no",
        _moment(person.created_at),
        _moment(person.last_sign_in_at),
    ]


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue()
