"""Where a session began, if elsewhere: so that it can end with the one there, and the one there with it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.models import Person, SessionOrigin, SessionRow, SpentToken
from portico.gate.sso.statement import Statement
from portico.gate.sso.tokens import LogoutNotice

KEY = "origin"  # in the data of the session that waits for a second step


def as_data(person: Person, statement: Statement) -> dict[str, Any]:
    """What to keep until the session begins."""
    return {
        "uid": person.fs_uniquifier,
        "source": statement.source,
        "issuer": statement.issuer,
        "subject": statement.subject,
        "sid": statement.sid,
        "id_token": statement.id_token,
    }


@one_transaction
def keep(db: Session, person: Person, session_id: int, data: dict[str, Any] | None) -> None:
    """Note where this person's session began; nothing for data of another one."""
    if data is None or data["uid"] != person.fs_uniquifier:
        return
    db.add(SessionOrigin(session_id=session_id, **{key: data[key] for key in data if key != "uid"}))


def of(db: Session, session_id: int) -> SessionOrigin | None:
    """Where this session began; None: here."""
    return db.get(SessionOrigin, session_id)


@one_transaction
def end(db: Session, ip: str, source: str, notice: LogoutNotice) -> int | None:
    """End the sessions that a provider's logout notice is about; None when it was sent before.

    By its `sid` the one sign-in; without one, all that began with this account there. What belongs to apps' own hosts
    ends with them.
    """
    now = clock.now()
    db.execute(delete(SpentToken).where(SpentToken.expires_at < now))
    digest = hashlib.sha256(f"{notice.issuer}\n{notice.jti}".encode()).hexdigest()
    try:
        with db.begin_nested():
            db.add(SpentToken(digest=digest, expires_at=datetime.fromtimestamp(notice.until, UTC)))
    except IntegrityError:
        return None
    meant = select(SessionOrigin.session_id).where(
        SessionOrigin.source == source, SessionOrigin.issuer == notice.issuer
    )
    if notice.sid is not None:
        meant = meant.where(SessionOrigin.sid == notice.sid)
    if notice.subject is not None:
        meant = meant.where(SessionOrigin.subject == notice.subject)
    ids = list(db.scalars(meant))
    if not ids:
        return 0
    owners = set(
        db.scalars(
            select(Person.email)
            .join(SessionRow, SessionRow.person_id == Person.id)
            .where(SessionRow.id.in_(ids))
        )
    )
    db.execute(delete(SessionRow).where(SessionRow.id.in_(ids) | SessionRow.parent_id.in_(ids)))
    for owner in sorted(owners):
        note(db, Actor(source, ip), "signed-out-elsewhere", owner, sessions=len(ids))
    return len(ids)
