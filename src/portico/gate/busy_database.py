"""While the database takes no writes, the gate's threads do not wait for it one after the other: they have checks to
answer. Once a write has waited in vain, forms are sent back at once for a moment; then one at a time may try."""

from __future__ import annotations

import threading
import time
from typing import Any

from flask import Flask, request
from sqlalchemy import Engine, event
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures
from portico.gate.guards import SAFE_METHODS

PATIENCE = 1.5  # seconds that a form's write waits for its turn
PAUSE = 1.0  # seconds between tries while the database takes no writes
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code


class BusyDatabase:
    """Whether writes are being refused, as this process has seen it last."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        self._busy = False
        self._next_try = 0.0
        event.listen(engine, "handle_error", self._failed)
        event.listen(engine, "commit", self._written)

    def sends_back(self) -> bool:
        """Whether a request that writes should not be begun. Of many that ask at once, one may try."""
        if not self._busy:
            return False
        with self._lock:
            now = time.monotonic()
            if now < self._next_try:
                return True
            self._next_try = now + PATIENCE + PAUSE
            return False

    def _failed(self, context: Any) -> None:
        error = context.original_exception
        locked = getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
        if locked or getattr(error, "sqlstate", "") == LOCK_NOT_AVAILABLE:
            with self._lock:
                self._busy, self._next_try = True, time.monotonic() + PAUSE

    def _written(self, _connection: Any) -> None:
        self._busy = False


def install(app: Flask, engine: Engine) -> None:
    """Send forms back while the database takes no writes."""
    state = BusyDatabase(engine)

    @app.before_request
    def spare_the_threads() -> AnyResponse | None:
        if request.method in SAFE_METHODS or not state.sends_back():
            return None
        return failures.answer(503, failures.MESSAGES[503], retry_after=2)
