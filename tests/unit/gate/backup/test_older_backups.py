"""A backup of an older Portico takes the way that its rows would have taken in place: the migrations."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from portico.gate import migrations
from portico.gate.backup import Key, Seal, opened, restore, save

from .conftest import MakePlace, inhabit

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"


def upgrade():
    op.add_column("person", sa.Column("shout", sa.String(200)))
    op.execute("UPDATE person SET shout = upper(email)")
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_rows_of_an_older_revision_are_migrated(
    make_place: MakePlace, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Portico is upgraded between backup and restore; its newest revision fills a new column from old rows."""
    source, target = make_place("source", kind), make_place("target", kind)
    inhabit(source)
    file = save(source, None, Seal()).file

    newer = tmp_path / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, newer, ignore=shutil.ignore_patterns("__pycache__"))
    (newer / "versions" / "9000_shout.py").write_text(NEXT.format(head=migrations.HEAD))
    config = migrations._config

    def upgraded(connection: Any) -> Any:
        found = config(connection)
        found.set_main_option("script_location", str(newer))
        return found

    monkeypatch.setattr(migrations, "_config", upgraded)
    monkeypatch.setattr(migrations, "HEAD", "9000")
    with opened(file, Key()) as backup:
        assert backup.manifest.revision != "9000"
        restore(target, backup)
    engine = create_engine(target.database_url)
    with engine.connect() as connection:
        assert migrations.revision(connection) == "9000"
        shouts = connection.execute(text("SELECT shout FROM person ORDER BY id")).scalars().all()
    engine.dispose()
    assert shouts == ["ROOT@EXAMPLE.ORG", "ANNA@EXAMPLE.ORG", "ZOE@EXAMPLE.ORG"]
