"""The thread that takes what the front has put aside (serve/front_lines.py), sums it up and adds it to the database.

Each gate process has one; a file is taken by the one that renames it first.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portico.gate.insight import storing
from portico.gate.insight.tally import tally

log = logging.getLogger(__name__)
EVERY = 10.0  # seconds
SETTLED = 2.0  # seconds after which nginx has let go of a file that was put aside
ENDING = ".lines"  # of a file that was put aside; its name is when, in nanoseconds
FORGET_EVERY = 3600.0


class Collector:
    """A thread that collects. `keep` is for how many seconds the sums stay."""

    def __init__(self, engine: Engine, folder: Path, keep: float) -> None:
        self._engine = engine
        self._folder = folder
        self._keep = keep
        self._over = threading.Event()
        self._forgot_at = 0.0
        self._thread = threading.Thread(target=self._run, name="portico-insight", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        self._take_back()
        self._thread.start()

    def close(self) -> None:
        """Stop after what is in hand."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def collect(self) -> int:
        """Add everything that was put aside; returns how many files that were."""
        done = 0
        for file in sorted(self._folder.glob(f"*{ENDING}")):
            at = _time_of(file)
            if at is None or time.time() - at < SETTLED:
                continue
            mine = file.with_name(f"{file.stem}.{os.getpid()}")
            try:
                file.rename(mine)
            except OSError:
                continue  # another process has it
            try:
                self._add(mine, datetime.fromtimestamp(at, UTC).date().isoformat())
            except BaseException:
                mine.rename(file)  # another time
                raise
            mine.unlink(missing_ok=True)
            done += 1
        return done

    def _add(self, file: Path, day: str) -> None:
        sums = tally(file.read_bytes().split(b"\n"))
        if sums:
            with Session(self._engine) as db:
                storing.add(db, day, sums)

    def _run(self) -> None:
        while not self._over.wait(EVERY * random.uniform(0.8, 1.2)):  # noqa: S311
            try:
                self.collect()
                if time.monotonic() - self._forgot_at > FORGET_EVERY:
                    with Session(self._engine) as db:
                        storing.shorten(db, self._keep)
                    self._forgot_at = time.monotonic()
            except (
                SQLAlchemyError,
                OSError,
            ) as error:  # a busy or full disk or database: it stays for the next time
                log.warning("insight: %s", error.__cause__ or error)

    def _take_back(self) -> None:
        """Put back what a process had in hand that is no more."""
        for file in self._folder.glob("*.*"):
            pid = file.suffix[1:]
            if pid.isdigit() and not psutil.pid_exists(int(pid)):
                file.rename(file.with_suffix(ENDING))


def _time_of(file: Path) -> float | None:
    return int(file.stem) / 1e9 if file.stem.isdigit() else None
