"""What insight tells: each app's use by day over the last days, and its slowest callbacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.insight.sketches import Times
from portico.gate.models import InsightCallback, InsightDay

SLOWEST = 20


@dataclass(frozen=True, slots=True)
class Use:
    """How something was used. Times are milliseconds until the answer began; None: nothing was answered."""

    requests: int = 0
    visits: int = 0
    errors: int = 0
    refused: int = 0
    websockets: int = 0
    people: int = 0
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True, slots=True)
class DayUse:
    """One day of an app."""

    day: date
    use: Use


@dataclass(frozen=True, slots=True)
class CallbackUse:
    """One Dash callback over all days; `share` is its part of the time that all callbacks took."""

    output: str
    calls: int
    errors: int
    p50: float | None
    p95: float | None
    share: float


@dataclass(frozen=True, slots=True)
class AppUse:
    """One app: every day of the span, the oldest first, also those without use; and all of them together.

    The `people` of the whole are those of the busiest day: nothing says whether two days had the same ones.
    """

    app: str
    days: tuple[DayUse, ...]
    whole: Use
    callbacks: tuple[CallbackUse, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "app": self.app,
            "days": [{"day": day.day.isoformat(), **asdict(day.use)} for day in self.days],
            "whole": asdict(self.whole),
            "callbacks": [asdict(callback) for callback in self.callbacks],
        }


def overview(db: Session, apps: Sequence[str], days: int) -> list[AppUse]:
    """These apps, and others that were used in the last `days` days, today among them."""
    rows: defaultdict[str, dict[str, InsightDay]] = defaultdict(dict)
    for row in db.scalars(select(InsightDay).where(InsightDay.day >= _span(days)[0].isoformat())):
        rows[row.app][row.day] = row
    gone = sorted(rows.keys() - set(apps))
    return [_app(name, rows[name], days) for name in [*apps, *gone]]


def of_app(db: Session, app: str, days: int) -> AppUse:
    """One app in the last `days` days, with its callbacks: those whose slow answers are the slowest come first."""
    since = _span(days)[0].isoformat()
    query = select(InsightDay).where(InsightDay.app == app, InsightDay.day >= since)
    found = _app(app, {row.day: row for row in db.scalars(query)}, days)
    calls = select(InsightCallback).where(InsightCallback.app == app, InsightCallback.day >= since)
    return AppUse(found.app, found.days, found.whole, _callbacks(db.scalars(calls)))


def known_apps(db: Session) -> set[str]:
    """Every app that has numbers."""
    return set(db.scalars(select(InsightDay.app).distinct()))


def _span(days: int) -> list[date]:
    today = clock.now().date()
    return [today - timedelta(days=back) for back in reversed(range(days))]


def _app(name: str, rows: dict[str, InsightDay], days: int) -> AppUse:
    by_day = [(day, rows.get(day.isoformat())) for day in _span(days)]
    each = tuple(DayUse(day, Use() if row is None else _use([row])) for day, row in by_day)
    return AppUse(name, each, _use([row for _, row in by_day if row is not None]))


def _use(rows: Sequence[InsightDay]) -> Use:
    times = Times()
    for row in rows:
        times.merge(Times(row.times))
    return Use(
        requests=sum(row.requests for row in rows),
        visits=sum(row.visits for row in rows),
        errors=sum(row.errors for row in rows),
        refused=sum(row.refused for row in rows),
        websockets=sum(row.websockets for row in rows),
        people=max((row.people for row in rows), default=0),
        p50=times.quantile(0.5),
        p95=times.quantile(0.95),
    )


def _callbacks(rows: Iterable[InsightCallback]) -> tuple[CallbackUse, ...]:
    calls: defaultdict[str, int] = defaultdict(int)
    errors: defaultdict[str, int] = defaultdict(int)
    times: defaultdict[str, Times] = defaultdict(Times)
    for row in rows:
        calls[row.output] += row.calls
        errors[row.output] += row.errors
        times[row.output].merge(Times(row.times))
    whole = sum(one.total for one in times.values()) or 1.0
    found = [
        CallbackUse(
            output,
            calls[output],
            errors[output],
            times[output].quantile(0.5),
            times[output].quantile(0.95),
            times[output].total / whole,
        )
        for output in calls
    ]
    return tuple(sorted(found, key=lambda one: -(one.p95 or 0))[:SLOWEST])
