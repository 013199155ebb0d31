"""The control socket: closed to others from its first moment, and nobody else is touched by that."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

from portico.serve.control import Control


def test_it_is_the_owners_alone_and_a_process_started_meanwhile_keeps_its_umask(tmp_path: Path) -> None:
    """The umask belongs to the whole process: a worker that starts just then would make unusable folders."""
    place = tmp_path / "control.sock"

    async def opened() -> set[int]:
        seen: set[int] = set()
        control = Control(place, {})

        async def others() -> None:
            while True:
                seen.add(os.umask(0o022))
                await asyncio.sleep(0)

        watching = asyncio.ensure_future(others())
        await asyncio.sleep(0)
        await control.open()
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        watching.cancel()
        await control.close()
        return seen

    before = os.umask(0o022)
    try:
        assert asyncio.run(opened()) == {0o022}
    finally:
        os.umask(before)
