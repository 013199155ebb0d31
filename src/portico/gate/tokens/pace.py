"""How many requests a minute one API token may make, counted together by all copies of a site.

Each token has a measure that empties at an even pace; the database keeps the time at which it will be empty. A gate
process does not write for each request: it takes some requests from the measure at once, as many more each time as
the token is busy, and lets them pass by itself. What it took and nobody used lapses after seconds. So nobody gets
much less than the limit, and all copies together let one second's worth more pass for each gate process at most.

A database that takes no writes lets requests pass: the front of each copy still counts its own.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from portico.gate import clock
from portico.gate.models import Attempts

log = logging.getLogger(__name__)
KEPT = timedelta(seconds=10)  # after which what was taken and not used lapses
MOST_TOKENS = 10_000  # remembered by one process
TRIES = 4  # against other processes that take at the same moment


def at_once(rate: int) -> int:
    """How many requests beyond the even pace one token may make at once. The front counts in the same way."""
    return max(1, rate // 6)


@dataclass(slots=True)
class _Taken:
    """Requests that this process may let pass without asking. `size` is how many it took."""

    left: int
    size: int
    until: datetime


class Pace:
    """Says of each request with a token whether it is one too many."""

    def __init__(self, engine: Engine, rate: int) -> None:
        self._engine = engine
        self._step = timedelta(seconds=60 / rate)
        self._burst = at_once(rate) * self._step
        self._largest = max(1, rate // 60)
        self._taken: dict[int, _Taken] = {}
        self._lock = threading.Lock()

    def wait(self, token: int) -> int:
        """Count a request with this token; or the seconds after which it may be made."""
        now = clock.now()
        with self._lock:
            held = self._taken.get(token)
            if held is not None and held.left and now < held.until:
                held.left -= 1
                return 0
            used_up = held is not None and not held.left and now < held.until
            size = min(self._largest, 2 * held.size) if held is not None and used_up else 1
        try:
            got, seconds = self._take(token, size, now)
        except SQLAlchemyError as error:
            log.warning("could not count a token's requests: %s", error.__cause__ or error)
            return 0
        if not got:
            return seconds
        with self._lock:
            if len(self._taken) >= MOST_TOKENS:
                self._taken.clear()
            self._taken[token] = _Taken(got - 1, got, now + KEPT)
        return 0

    def _take(self, token: int, size: int, now: datetime) -> tuple[int, int]:
        """Take so many requests from the measure, or as many as are left; else the seconds until there is one."""
        key = hashlib.sha256(f"token|{token}".encode()).hexdigest()
        for _ in range(TRIES):
            with self._engine.begin() as connection:
                found: datetime | None = connection.scalar(
                    select(Attempts.wait_until).where(Attempts.key == key)
                )
                begin = max(found or now, now)
                room = math.floor((self._burst - (begin - now)) / self._step) + 1
                if room < 1:
                    return 0, max(1, math.ceil((begin - now - self._burst).total_seconds()))
                got = min(size, room)
                if _keep(connection, key, found, begin + got * self._step, now):
                    return got, 0
        return 1, 0  # many at once, and each of them counted: this one goes with them


def _keep(connection: Connection, key: str, found: datetime | None, until: datetime, now: datetime) -> bool:
    """Move the measure from what was found; False when somebody else moved it meanwhile."""
    if found is None:
        insert: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        new = insert(Attempts).values(key=key, failures=0, last_at=now, wait_until=until)
        done = connection.execute(new.on_conflict_do_nothing().returning(Attempts.key))
    else:
        moved = update(Attempts).where(Attempts.key == key, Attempts.wait_until == found)
        done = connection.execute(moved.values(wait_until=until, last_at=now).returning(Attempts.key))
    return done.first() is not None
