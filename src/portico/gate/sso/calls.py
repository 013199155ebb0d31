"""Asking a program elsewhere without letting it hold the gate: few questions at once, and each has an end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any, TypeVar

T = TypeVar("T")
AT_ONCE = 3  # of the gate's threads; the others go on serving
REST = 10.0  # seconds in which nobody asks again who gave no answer
log = logging.getLogger(__name__)


class SilentError(Exception):
    """The other side gives no answer, or not in time."""


class Calls:
    """The questions to one place elsewhere. Who waits, waits for `seconds` at most; after a failure nobody does."""

    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._seconds = seconds
        self._free = BoundedSemaphore(AT_ONCE)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"ask-{name}")
        self._resting_until = 0.0

    def ask(self, question: Callable[[], T]) -> T:
        """What `question` returns or raises; SilentError when it says so itself, takes too long, or is not asked."""
        if time.monotonic() < self._resting_until:
            raise SilentError(f"{self._name} gave no answer a moment ago")
        if not self._free.acquire(blocking=False):
            raise SilentError(f"{self._name} is slow: {AT_ONCE} questions are open")
        future = self._pool.submit(question)
        future.add_done_callback(self._done)
        try:
            return future.result(timeout=self._seconds)
        except TimeoutError:
            self._rest("took too long")
            raise SilentError(f"{self._name} took more than {self._seconds:g} s") from None
        except SilentError as error:
            self._rest(str(error))
            raise

    def _done(self, _future: Future[Any]) -> None:
        self._free.release()

    def _rest(self, why: str) -> None:
        log.warning("%s: %s; nobody is made to wait for it for %d s", self._name, why, REST)
        self._resting_until = time.monotonic() + REST
