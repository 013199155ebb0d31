"""Sessions on the server's side: starting, finding, touching and ending them.

The cookie holds only a random token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.models import Person, SessionRow
from portico.site.model import Sessions

GRACE = timedelta(seconds=10)  # for requests to apps that were under way when the token changed
ANONYMOUS = timedelta(hours=1)  # how long a visitor who is not signed in keeps what a form needs
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """256 random bits as 43 characters."""
    return secrets.token_urlsafe(32)


def well_formed(token: str | None) -> bool:
    """Whether this can be one of our tokens at all."""
    return token is not None and _TOKEN.fullmatch(token) is not None


def hash_token(token: str) -> str:
    """What the database keeps of a token. A plain hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def lifetimes(limits: Sessions, remember: bool) -> tuple[timedelta, timedelta]:
    """The idle and the absolute lifetime of a sign-in."""
    if remember:
        return timedelta(seconds=limits.remember), timedelta(seconds=limits.remember)
    return timedelta(seconds=limits.idle), timedelta(seconds=limits.absolute)


def start(
    db: Session,
    person: Person,
    limits: Sessions,
    *,
    remember: bool = False,
    ip: str = "",
    user_agent: str = "",
) -> tuple[str, SessionRow]:
    """Add a session for this person and remove those that have run out.

    Returns its token, kept nowhere else.
    """
    now = clock.now()
    db.execute(delete(SessionRow).where(SessionRow.valid_until < now))
    idle, absolute = lifetimes(limits, remember)
    latest = min(now + absolute, person.active_until or now + absolute)  # a guest's end with the account
    token = new_token()
    row = SessionRow(
        token_hash=hash_token(token),
        person_id=person.id,
        valid_until=min(now + idle, latest),
        absolute_until=latest,
        created_at=now,
        last_used_at=now,
        remembered=remember,
        ip=ip[:45],
        last_ip=ip[:45],
        user_agent=user_agent[:255],
        data={},
        proven_at=now,
    )
    db.add(row)
    return token, row


def start_child(db: Session, parent: SessionRow, host: str) -> tuple[str, SessionRow]:
    """Add a session for an app's own host; it ends when its parent does."""
    token = new_token()
    row = SessionRow(
        token_hash=hash_token(token),
        person_id=parent.person_id,
        parent_id=parent.id,
        host=host,
        created_at=clock.now(),
        last_used_at=clock.now(),
        valid_until=parent.valid_until,
        absolute_until=parent.absolute_until,
        remembered=parent.remembered,
        strong=parent.strong,
        ip=parent.last_ip,
        last_ip=parent.last_ip,
        user_agent=parent.user_agent,
        data={},
    )
    db.add(row)
    return token, row


def rotate(row: SessionRow) -> str:
    """Give a session a new token, which is returned and kept nowhere else.

    For ten seconds the old one still opens apps, so that no callback falls between two tokens; it opens no page of
    the gate, renews nothing, and ends with its session.
    """
    token = new_token()
    row.previous_hash, row.previous_until = row.token_hash, clock.now() + GRACE
    row.token_hash = hash_token(token)
    return token


def valid_until(limits: Sessions, now: datetime, absolute_until: datetime, remembered: bool) -> datetime:
    """Until when a session lasts that is used now."""
    idle, _ = lifetimes(limits, remembered)
    return min(now + idle, absolute_until)


def end_others(db: Session, person: Person, keep: int | None) -> int:
    """End this person's sessions except `keep`, those of apps' own hosts too; returns how many ended."""
    others = delete(SessionRow).where(SessionRow.person_id == person.id)
    if keep is not None:
        others = others.where(SessionRow.id != keep)
    result = db.execute(others)
    return int(result.rowcount)  # type: ignore[attr-defined]
