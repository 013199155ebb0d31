"""How long the audit's lines are kept. The database itself refuses to let a younger one go (migration 0006)."""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import AuditLine, AuditRetention

SITE_FILE = Actor("portico.toml")
RETENTION = Actor("retention")
MARGIN = timedelta(hours=1)  # the database's clock may be behind ours
BATCH = 500  # lines in one transaction: others who write wait for it


def declare(db: Session, days: int | None) -> None:
    """Tell the database for how many days lines are kept (None: for ever); a change is a line of the audit itself."""
    known = db.execute(select(AuditRetention.days)).all()
    db.rollback()  # what is so already takes no lock
    if [row.days for row in known] != [days]:
        _set(db, days)


@one_transaction
def _set(db: Session, days: int | None) -> None:
    serialize(db)
    row = db.get(AuditRetention, 1, populate_existing=True)
    if row is not None and row.days == days:
        return
    before = row.days if row is not None else None
    if row is None:
        db.add(AuditRetention(id=1, days=days))
    else:
        row.days = days
    note(db, SITE_FILE, "audit-retention-set", days=days, before=before)


@one_transaction
def _remove_some(db: Session, days: int) -> int:
    """Remove the oldest lines, some of them, and write down how many and up to when."""
    oldest = select(AuditLine.id, AuditLine.at).where(
        AuditLine.at < clock.now() - timedelta(days=days) - MARGIN
    )
    found = db.execute(oldest.order_by(AuditLine.at, AuditLine.id).limit(BATCH)).all()
    if not found:
        return 0
    gone = db.execute(
        delete(AuditLine)
        .where(AuditLine.id.in_(row.id for row in found))
        .execution_options(synchronize_session=False)
    )
    removed = int(gone.rowcount)  # type: ignore[attr-defined]
    if removed:  # else another process was faster
        note(db, RETENTION, "audit-shortened", lines=removed, up_to=found[-1].at.isoformat(), days=days)
    return removed


def shorten(db: Session) -> int:
    """Remove the lines that are older than the retention, a batch a transaction, with pauses; returns how many went."""
    days = db.scalar(select(AuditRetention.days))
    db.rollback()
    if days is None:
        return 0
    removed, began = 0, time.monotonic()
    while some := _remove_some(db, days):
        removed += some
        if some == BATCH:
            time.sleep(min(time.monotonic() - began, 1.0))  # as long as it took: half of the time is others'
        began = time.monotonic()
    return removed
