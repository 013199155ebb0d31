"""Two places: a site with people in it, and an empty one for its backup, each on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, select

import databases
from gate_client import GateUnderTest, make_app, make_site
from portico.gate.accounts import actions
from portico.gate.audit import COMMAND_LINE
from portico.site import Access, Site

MakePlace = Callable[[str, str], Site]


@pytest.fixture
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> MakePlace:
    """Makes an empty site: its folder's name, and "sqlite" or "postgresql"."""

    def make(name: str, kind: str = "sqlite") -> Site:
        folder = tmp_path / name
        folder.mkdir()
        if kind == "postgresql":
            request.getfixturevalue("postgres_server")
        apps = make_app("home"), make_app("sales", Access(roles=frozenset({"analyst"})))
        return make_site(folder, *apps, database_url=databases.empty(folder, kind))

    return make


def inhabit(site: Site) -> str:
    """Give the site people, roles, a session and an audit; returns the session's token."""
    gate = GateUnderTest(site)
    gate.person("root@example.org", "admin")
    gate.person("anna@example.org", "analyst")
    with gate.desk() as db:
        actions.create_person(db, COMMAND_LINE, "zoe@example.org", name='Zoë "Z" \\ 🏛\nO\'Neill')
    browser = gate.browser()
    browser.sign_in()
    token = browser.cookie
    gate.close()
    assert token
    return token


def everything(site: Site) -> dict[str, Any]:
    """All rows of all tables, and the secrets' files."""
    engine = create_engine(site.database_url)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        rows = {
            table.name: [
                [value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for value in row]
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    secrets = {
        path.name: path.read_text() for path in (site.state / "secrets").iterdir() if path.name[0] != "."
    }
    return {"rows": rows, "secrets": secrets}
