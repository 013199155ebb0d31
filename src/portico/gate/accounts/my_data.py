"""What the site keeps about a person, for that person; and how an account is deleted.

An export has each table of belongings.py, without the columns whose names say that they are secret or of no use to
anybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, or_, select
from sqlalchemy.orm import Session

from portico.gate import clock, mail
from portico.gate.accounts import belongings
from portico.gate.accounts.actions import LastAdministratorError
from portico.gate.accounts.people import count_administrators
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import AuditLine, Person
from portico.gate.policy import ADMIN

# Parts of the names of columns that are secret, or of no use to anybody else
HIDDEN = (
    *("hash", "secret", "token", "key", "data", "sealed", "password", "code"),
    *("digest", "salt", "credential"),
)
AUDIT_LINES = 10_000  # the newest


def export(db: Session, person: Person) -> dict[str, Any]:
    """Everything that is kept about the person, without secrets, as plain values for JSON."""
    return {
        "exported_at": clock.now().isoformat(),
        "account": {
            "address": person.email,
            "address_verified": person.email_verified,
            "name": person.name,
            "id": person.fs_uniquifier,
            "active": person.active,
            "created_at": _plain(person.created_at),
            "last_sign_in_at": _plain(person.last_sign_in_at),
            "has_password": person.password is not None,
            "roles": sorted(person.role_names),
        },
        **{table.name: list(_rows(db, table, person)) for table in belongings.tables()},
        "audit": list(_audit(db, person)),
    }


def _rows(db: Session, table: Table, person: Person) -> Iterator[dict[str, Any]]:
    shown = [
        column
        for column in table.columns
        if column.name not in ("id", "person_id") and not any(part in column.name for part in HIDDEN)
    ]
    if not shown:
        count = db.scalar(select(func.count()).select_from(table).where(table.c.person_id == person.id))
        yield from ({} for _ in range(count or 0))
        return
    for row in db.execute(select(*shown).where(table.c.person_id == person.id)):
        yield {column.name: _plain(value) for column, value in zip(shown, row, strict=True)}


def _audit(db: Session, person: Person) -> Iterator[dict[str, Any]]:
    """The lines that the person wrote or that are about them. Lines about others whom they changed name only those.

    Whoever had the address before is somebody else: lines from then are not this person's to read.
    """
    moved_here = select(func.max(AuditLine.at)).where(
        AuditLine.subject == person.email, AuditLine.action == "address-changed"
    )
    since = max(person.created_at, db.scalar(moved_here) or person.created_at)
    lines = (
        select(AuditLine)
        .where(or_(AuditLine.subject == person.email, AuditLine.actor == person.email), AuditLine.at >= since)
        .order_by(AuditLine.id.desc())
        .limit(AUDIT_LINES)
    )
    for line in db.scalars(lines):
        about_me = line.subject == person.email
        yield {
            "at": _plain(line.at),
            "action": line.action,
            "by": line.actor if line.actor == person.email or "@" not in line.actor else "somebody else",
            "about": line.subject,
            "from": line.ip if line.actor == person.email or not about_me else "",
        }


@one_transaction
def delete_person(db: Session, actor: Actor, person: Person) -> None:
    """Delete the account and everything that belongs to it; the audit stays. LastAdministratorError."""
    serialize(db)
    db.refresh(person)
    if ADMIN in person.role_names and person.active and not count_administrators(db, except_for=person.id):
        raise LastAdministratorError(person.email)
    mail.notify(db, person, "account-deleted")
    note(db, actor, "person-deleted", person.email)
    db.delete(person)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
