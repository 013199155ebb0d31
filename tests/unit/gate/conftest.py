"""A gate for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import databases
from gate_client import GateUnderTest, make_app, make_site
from portico.gate import clock
from portico.site import Access, Site


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The URL of a database that nobody else uses: tests/databases.py says which kind."""
    return databases.url(tmp_path)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    """A site with apps of every kind of access."""
    return make_site(
        tmp_path,
        make_app("home"),
        make_app("sales", Access(roles=frozenset({"analyst"}))),
        make_app("board", Access(people=frozenset({"carla@example.org"}))),
        make_app("news", Access(public=True)),
        make_app("lab", host="lab.localhost", path=None),
        database_url=database_url,
    )


@pytest.fixture
def gate(site: Site) -> Iterator[GateUnderTest]:
    """The gate of that site, ready, with nobody in it."""
    gate = GateUnderTest(site)
    yield gate
    gate.close()


class Hands:
    """The clock's hands."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """What the clock shows."""
        return self.time

    def move(self, **by: float) -> None:
        """Move forward, as timedelta(**by)."""
        self.time += timedelta(**by)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """A clock that stands still until a test moves it."""
    hands = Hands()
    monkeypatch.setattr(clock, "now", hands.now)
    return hands
