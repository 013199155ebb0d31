"""What time it is. Everything in the gate that expires asks here, so that tests can move the hands."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
