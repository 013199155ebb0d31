"""Adding sums to the database, where those of other copies of the site may be already; and forgetting old days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete, func, select, text, true
from sqlalchemy.orm import Session

from portico.gate import audit, clock
from portico.gate.accounts.transactions import one_transaction
from portico.gate.insight.sketches import People, Times
from portico.gate.insight.tally import CALLBACKS, OTHERS, AppSums, CallbackSums, Tally
from portico.gate.models import InsightCallback, InsightDay, InsightSalt

LOCK = 0x706F7276


def add(db: Session, day: str, sums: Tally) -> None:
    """Add these sums of a day, in one transaction that only one process at a time has."""
    _alone(db)
    for name, app in sums.items():
        _add_app(db, day, name, app)
        _add_callbacks(db, day, name, app.callbacks)
    db.commit()


def shorten(db: Session, keep: float) -> None:
    """Forget the days that are older than `keep` seconds, and the secrets of days that are over."""
    today = clock.now().date()
    oldest = (today - timedelta(seconds=keep)).isoformat()
    for model in (InsightDay, InsightCallback):
        db.execute(delete(model).where(model.day < oldest))
    db.execute(delete(InsightSalt).where(InsightSalt.day < today.isoformat()))
    db.commit()


@one_transaction
def forget(db: Session, actor: audit.Actor, app: str = "") -> int:
    """Remove all numbers of an app, or of all apps; returns of how many days of apps."""
    mine = [model.app == app for model in (InsightDay, InsightCallback)] if app else [true(), true()]
    days = db.scalar(select(func.count()).select_from(InsightDay).where(mine[0])) or 0
    db.execute(delete(InsightDay).where(mine[0]))
    db.execute(delete(InsightCallback).where(mine[1]))
    audit.note(db, actor, "insight-forgotten", app or "all apps", days=days)
    return days


def _alone(db: Session) -> None:
    if db.get_bind().dialect.name == "sqlite":
        db.execute(text("BEGIN IMMEDIATE"))
    else:
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _add_app(db: Session, day: str, name: str, sums: AppSums) -> None:
    row = db.get(InsightDay, (day, name))
    if row is None:
        row = InsightDay(
            day=day,
            app=name,
            requests=0,
            visits=0,
            errors=0,
            refused=0,
            websockets=0,
            people=0,
            sketch="",
            times={},
        )
        db.add(row)
    row.requests += sums.requests
    row.visits += sums.visits
    row.errors += sums.errors
    row.refused += sums.refused
    row.websockets += sums.websockets
    people, times = People.of_text(row.sketch), Times(row.times)
    people.merge(sums.people)
    times.merge(sums.times)
    row.people, row.sketch, row.times = people.count, people.text, times.plain


def _add_callbacks(db: Session, day: str, app: str, callbacks: dict[str, CallbackSums]) -> None:
    query = select(InsightCallback).where(InsightCallback.day == day, InsightCallback.app == app)
    rows = {row.output: row for row in db.scalars(query)} if callbacks else {}
    for output, sums in _within_bounds(callbacks, rows.keys()):
        row = rows.get(output)
        if row is None:
            row = rows[output] = InsightCallback(day=day, app=app, output=output, calls=0, errors=0, times={})
            db.add(row)
        row.calls += sums.calls
        row.errors += sums.errors
        times = Times(row.times)
        times.merge(sums.times)
        row.times = times.plain


def _within_bounds(
    callbacks: dict[str, CallbackSums], known: Iterable[str]
) -> Iterable[tuple[str, CallbackSums]]:
    """The callbacks under their names, or under OTHERS when the day has too many already."""
    names = set(known)
    for output, sums in callbacks.items():
        if output not in names and len(names) >= CALLBACKS:
            yield OTHERS, sums
        else:
            names.add(output)
            yield output, sums
