"""Moments and spans as people type them at the command line."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from portico.errors import UserError
from portico.site import duration
from portico.site.problems import Wrong


def moment_of(text: str, now: datetime | None = None) -> datetime:
    """The moment in UTC: a day means its end, a time without a zone is in UTC, a span like "30d" counts from now."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return (now or datetime.now(UTC)) + span_of(text)
    if len(text) == len("2030-12-31"):
        found = datetime.combine(found.date(), time(23, 59, 59))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def span_of(text: str) -> timedelta:
    """The span: "30d", "12h"; UserError for anything else."""
    try:
        return timedelta(seconds=duration(text))
    except (Wrong, OverflowError) as error:
        raise UserError(f'"{text}" is neither a day like 2030-12-31 nor a span like 30d: {error}') from None
