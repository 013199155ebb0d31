"""The marks that the front looks for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from portico.serve import marks, rundir
from portico.serve.marks import Marks


@pytest.fixture
def run(tmp_path: Path) -> rundir.RunDirectory:
    """A clean run directory."""
    run = rundir.RunDirectory(tmp_path)
    run.clean()
    return run


def test_only_a_slow_start_gets_the_waiting_page(
    run: rundir.RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app that is there within the patience is never marked; one known to be slow is marked at once."""
    monkeypatch.setattr(marks, "PATIENCE", 0.05)

    async def live() -> list[bool]:
        app, seen = Marks(run, "sales"), []
        app.starting(known_slow=False)
        app.clear()
        await asyncio.sleep(0.1)
        seen.append((run.starting / "sales").exists())
        app.starting(known_slow=False)
        await asyncio.sleep(0.1)
        seen.append((run.starting / "sales").exists())
        app.clear()
        app.starting(known_slow=True)
        seen.append((run.starting / "sales").exists())
        app.clear()
        return [*seen, (run.starting / "sales").exists()]

    assert asyncio.run(live()) == [False, True, True, False]


def test_a_crashed_app_stays_marked_as_such_while_it_is_tried_again(run: rundir.RunDirectory) -> None:
    """The crashed page with the last lines stays until the app is ready; a new try does not hide it."""

    async def live() -> None:
        app = Marks(run, "sales")
        app.crashed(["no such column"])
        app.starting(known_slow=True)

    asyncio.run(live())
    assert (run.crashed / "sales").read_text(encoding="utf-8") == "no such column\n"
    assert not (run.starting / "sales").exists()
