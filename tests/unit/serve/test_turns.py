"""Whose turn it is to start."""

from __future__ import annotations

import asyncio

import pytest

from portico.serve import turns
from portico.serve.turns import Turns


async def never() -> None:
    """Nobody asks for the app."""
    await asyncio.Event().wait()


def test_only_a_few_start_at_once() -> None:
    """The others wait, and then get their turn."""

    async def live() -> int:
        line, now, most = Turns(2), 0, 0

        async def start() -> None:
            nonlocal now, most
            async with line.turn(never):
                now += 1
                most = max(most, now)
                await asyncio.sleep(0.01)
                now -= 1

        await asyncio.gather(*(start() for _ in range(10)))
        return most

    assert asyncio.run(live()) == 2


def test_who_is_asked_for_does_not_wait() -> None:
    """A request for an app is more urgent than the line, and takes nobody's turn away."""

    async def live() -> None:
        line, asked = Turns(1), asyncio.Event()

        async def asked_for() -> None:
            await asked.wait()

        async with line.turn(never):
            asyncio.get_running_loop().call_later(0.01, asked.set)
            async with asyncio.timeout(1), line.turn(asked_for):
                pass
        async with asyncio.timeout(1), line.turn(never):
            pass

    asyncio.run(live())


def test_a_slow_start_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that imports for long, or for ever, does not hold up the others."""
    monkeypatch.setattr(turns, "HELD_AT_MOST", 0.02)

    async def live() -> None:
        line = Turns(1)
        async with line.turn(never), asyncio.timeout(1), line.turn(never):
            pass
        async with asyncio.timeout(1), line.turn(never):
            pass

    asyncio.run(live())


def test_who_gives_up_waiting_leaves_no_hole() -> None:
    """A start that is cancelled while it waits takes no turn with it."""

    async def live() -> None:
        line = Turns(1)

        async def start() -> None:
            async with line.turn(never):
                pass

        async with line.turn(never):
            waiting = [asyncio.ensure_future(start()) for _ in range(3)]
            await asyncio.sleep(0.01)
            waiting[0].cancel()
            await asyncio.sleep(0.01)
        await asyncio.wait_for(asyncio.gather(*waiting[1:]), 1)
        async with asyncio.timeout(1), line.turn(never):
            pass

    asyncio.run(live())
