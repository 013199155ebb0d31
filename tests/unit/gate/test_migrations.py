"""The database's versions: up, down, under a lock, and equal to the models."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

import databases
from gate_client import GateUnderTest, make_app, make_site
from portico.errors import UserError
from portico.gate import database, migrations
from portico.gate.models import Base
from portico.gate.preparation import ready_database
from portico.site import Site


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """A site whose database is empty: on each kind in turn, whatever the other tests run on."""
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
    return make_site(tmp_path, make_app("home"), database_url=databases.empty(tmp_path, request.param))


@pytest.fixture
def gate(site: Site) -> Iterator[GateUnderTest]:
    """The gate of that site, which migrated its own database."""
    ready_database(site).dispose()
    gate = GateUnderTest(site)
    yield gate
    gate.close()


def test_head_is_the_newest_revision() -> None:
    """The constant that saves importing Alembic is right."""
    versions = Path(migrations.__file__).parent / "versions"
    assert max(file.name for file in versions.glob("[0-9]*.py")).startswith(f"{migrations.HEAD}_")


def test_the_migrations_make_what_the_models_say(site: Site) -> None:
    """Not a column, index or constraint more or less."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = ready_database(site)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_down_to_nothing_and_up_again_with_people_in_it(gate: GateUnderTest) -> None:
    """The oldest revision leaves nothing behind, also no trigger and no function."""
    gate.person("anna@example.org", "analyst")
    gate.browser().sign_in()
    gate.close()
    engine = database.open_engine(gate.site.database_url)
    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert migrations.upgrade(engine)
    assert not migrations.upgrade(engine)
    with Session(engine) as db:
        assert db.execute(text("SELECT count(*) FROM person")).scalar() == 0
    engine.dispose()


def test_many_who_start_at_once_migrate_once(site: Site) -> None:
    """The others wait, then find nothing to do."""
    database.make_place(site)
    done: list[bool] = []
    errors: list[BaseException] = []

    def start() -> None:
        engine = database.open_engine(site.database_url, threads=1, busy=30)
        try:
            done.append(migrations.upgrade(engine))
        except BaseException as error:
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sorted(done) == [False, False, False, True]


def test_a_migration_that_breaks_leaves_what_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """All revisions are one transaction."""
    from alembic import command

    database.make_place(site)
    engine = database.open_engine(site.database_url)
    whole = command.upgrade

    def broken(config: object, target: str) -> None:
        whole(config, target)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        migrations.upgrade(engine)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_database_of_a_newer_portico_is_left_alone(site: Site) -> None:
    """One line for the person, not a broken site."""
    engine = ready_database(site)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(UserError, match="newer than this Portico"):
        ready_database(site)


def test_a_database_that_cannot_be_opened_is_one_line_without_the_password(tmp_path: Path) -> None:
    """Where, and what the server said."""
    site = make_site(tmp_path, database_url="postgresql+psycopg://portico:secret@127.0.0.1:1/portico")
    with pytest.raises(UserError) as caught:
        ready_database(site)
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sqlite_database_is_closed_to_others_and_fit_for_a_web_site(tmp_path: Path) -> None:
    """Mode 0600 in a folder of 0700; WAL; foreign keys."""
    site = make_site(tmp_path, database_url=databases.url(tmp_path, "sqlite"))
    engine = ready_database(site)
    file = site.state / "portico.db"
    assert file.stat().st_mode & 0o777 == 0o600
    assert site.state.stat().st_mode & 0o777 == 0o700
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 5000}
    engine.dispose()
