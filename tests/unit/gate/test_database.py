"""One transaction is one transaction, on SQLite too."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
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


def test_a_postgresql_server_that_says_nothing_is_given_up_after_seconds() -> None:
    """Not after the quarter of an hour that the kernel would try; what the URL names wins."""
    arguments = database.engine_options("postgresql+psycopg://db.example.org/portico?connect_timeout=2")
    assert "connect_timeout" not in arguments["connect_args"]
    assert arguments["connect_args"]["tcp_user_timeout"] == 10_000
    assert arguments["connect_args"]["keepalives_count"] == 3


def test_what_a_database_says_becomes_one_line() -> None:
    """Drivers say it on several."""
    error = OperationalError("SELECT 1", {}, Exception("connection refused\n\tIs the server running?"))
    assert database.reason(error) == "connection refused"
    assert database.is_passing(error)
    assert database.reason(ProgrammingError("SELECT 1", {}, Exception(""))) != ""
    assert not database.is_passing(ProgrammingError("SELECT 1", {}, Exception("no such table")))
