"""One transaction is one transaction, on SQLite too."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portico.gate import database
from portico.gate.models import Base, Role


def test_what_a_savepoint_released_goes_with_the_transaction(tmp_path: Path) -> None:
    """An action that breaks after its savepoint leaves nothing: no person without a line in the audit."""
    engine = database.open_engine(f"sqlite:///{tmp_path / 'portico.db'}")
    Base.metadata.create_all(engine)

    def add_and_break(db: Session) -> None:
        with db.begin_nested():
            db.add(Role(name="analyst"))
        raise RuntimeError("power cut")

    with Session(engine) as db, pytest.raises(RuntimeError):
        add_and_break(db)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM role")).scalar() == 0
    engine.dispose()
