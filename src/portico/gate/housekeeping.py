"""What the gate clears away by itself: sessions that have run out, old tries, lines of the audit past their time.

Each gate process looks around once an hour; what one has cleared away, the next does not find.
"""

from __future__ import annotations

import logging
import random
import threading

from sqlalchemy import Engine, delete
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portico.gate import clock, throttle
from portico.gate.audit import retention
from portico.gate.guests import actions as guests
from portico.gate.models import SessionRow
from portico.gate.tokens import actions as tokens

log = logging.getLogger(__name__)
FIRST, EVERY = 60.0, 3600.0  # seconds


class Housekeeping:
    """A thread that clears away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="portico-housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop after what is in hand."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        wait = FIRST * random.uniform(0.5, 1.5)  # noqa: S311  so that processes do not all come at once
        while not self._over.wait(wait):
            try:
                clear_away(self._engine)
            except SQLAlchemyError as error:  # a busy or full database: the next hour will do
                log.warning("could not clear away: %s", error.__cause__ or error)
            wait = EVERY * random.uniform(0.9, 1.1)  # noqa: S311


def clear_away(engine: Engine) -> None:
    """Remove everything whose time is over."""
    with Session(engine) as db:
        db.execute(delete(SessionRow).where(SessionRow.valid_until < clock.now()))
        throttle.forget(db)
        tokens.forget(db)
        guests.forget(db)
        db.commit()
        retention.shorten(db)
