"""Whose turn it is to start: importing an app costs a core for a while, so only a few import at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

HELD_AT_MOST = 10.0  # seconds; an app that imports for longer goes on without holding up the others

Urgent = Callable[[], Coroutine[Any, Any, None]]


class Turns:
    """Hands out a limited number of turns. An app that is asked for does not stand in line."""

    def __init__(self, at_once: int | None = None) -> None:
        self._free = asyncio.Semaphore(at_once or max(os.cpu_count() or 1, 2))

    @contextlib.asynccontextmanager
    async def turn(self, urgent: Urgent) -> AsyncIterator[None]:
        """Wait for a turn, or until `urgent()` returns, whichever comes first."""
        release = self._once() if await self._acquire(urgent) else _nothing
        timer = asyncio.get_running_loop().call_later(HELD_AT_MOST, release)
        try:
            yield
        finally:
            timer.cancel()
            release()

    async def _acquire(self, urgent: Urgent) -> bool:
        """Whether it is a turn that has to be given back."""
        if not self._free.locked():
            return await self._free.acquire()
        mine = asyncio.ensure_future(self._free.acquire())
        asked = asyncio.ensure_future(urgent())
        waiting: list[asyncio.Future[Any]] = [mine, asked]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if mine.done():
                self._free.release()
            raise
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(asked, return_exceptions=True)
        return mine.done() and not mine.cancelled()

    def _once(self) -> Callable[[], None]:
        held = [True]

        def release() -> None:
            if held:
                held.pop()
                self._free.release()

        return release


def _nothing() -> None:
    """There is no turn to give back."""
