"""Which database a test's site has: SQLite, or with PORTICO_TEST_DATABASE=postgresql one on a real PostgreSQL.

One server for all tests of a run, started when the first one asks; one database for each site's folder, copied
from a template that was migrated once. `tests/conftest.py` drops them and ends the server.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text

import postgres_server as postgres

VARIABLE = "PORTICO_TEST_DATABASE"
_kept = ExitStack()
_numbers = itertools.count()
_of_folder: dict[Path, str] = {}
_free: list[str] = []  # used before and emptied, which is ten times quicker than to copy one
_remade: set[str] = set()  # a test makes their tables

SHAPE = """
WITH ours AS (SELECT 'public'::regnamespace AS here)
SELECT (SELECT string_agg(relname || relnatts::text, ' ' ORDER BY relname) FROM pg_class, ours WHERE relnamespace = here),
       (SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc, ours WHERE pronamespace = here),
       (SELECT string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal)
"""
EMPTY_TABLES = """
DO $$ DECLARE name text; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;  -- no triggers: they protect the audit
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE schemaname = 'public';
END $$
"""


def chosen() -> str:
    """The kind of database that tests get where they do not ask for one: "sqlite" or "postgresql"."""
    kind = os.environ.get(VARIABLE) or "sqlite"
    assert kind in ("sqlite", "postgresql"), f"{VARIABLE}={kind}: it is sqlite or postgresql"
    return kind


@cache
def server() -> str:
    """The URL of the run's PostgreSQL server; started now when nobody has asked before."""
    return _kept.enter_context(postgres.server())


def url(folder: Path, kind: str = "") -> str:
    """The URL of the database of the site in this folder, the same each time: on PostgreSQL with tables in it."""
    if (kind or chosen()) == "sqlite":
        return f"sqlite:///{folder / '.portico' / 'portico.db'}"
    place = folder.resolve()
    if place not in _of_folder:
        _of_folder[place] = _free.pop() if _free else _copy_of_template()
    return _at(_of_folder[place])


def empty(folder: Path, kind: str = "") -> str:
    """The same, without tables."""
    found = url(folder, kind)
    if not found.startswith("sqlite"):
        name = str(make_url(found).database)
        _order(f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        _remade.add(name)
    return found


def settings(folder: Path, given: Mapping[str, str], toml: str) -> dict[str, str]:
    """What a served site in this folder is told; nothing where the test says which database it has."""
    if chosen() == "sqlite" or any("DATABASE_URL" in name for name in given) or "\ndatabase = " in toml:
        return {}
    return {"PORTICO_DATABASE_URL": url(folder)}


def fill(database_url: str) -> None:
    """Give a site whose SQLite file is not there yet one with tables: quicker than to migrate each time."""
    file = Path(make_url(database_url).database or "")
    if database_url.startswith("sqlite") and not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(_sqlite_template(), file)
        file.chmod(0o600)


def forget(folder: Path | None = None) -> None:
    """Take back the databases of this folder and of those below it, and of folders that are no more."""
    below = folder.resolve() if folder else None
    for place, name in list(_of_folder.items()):
        if not place.exists() or (below is not None and place.is_relative_to(below)):
            del _of_folder[place]
            if name not in _remade and _emptied(name):
                _free.append(name)
            else:
                _order(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def close() -> None:
    """Drop what is left and end the server."""
    names = [
        *_of_folder.values(),
        *([_postgresql_template()] if _postgresql_template.cache_info().currsize else []),
    ]
    if names:
        _order(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in names))
    if _master.cache_info().currsize:
        _master().dispose()
    _of_folder.clear()
    _free.clear()
    for kept in (server, _master, _sqlite_template, _postgresql_template, _template_shape):
        kept.cache_clear()
    _kept.close()


@cache
def _sqlite_template() -> Path:
    folder = _kept.enter_context(tempfile.TemporaryDirectory(prefix="p-template-", dir="/tmp"))
    file = Path(folder) / "template.db"
    _migrate(f"sqlite:///{file}")
    return file


@cache
def _postgresql_template() -> str:
    name = _new_name()
    _order(f"CREATE DATABASE {name}")
    _migrate(_at(name))
    return name


def _copy_of_template() -> str:
    name = _new_name()
    _order(f"CREATE DATABASE {name} TEMPLATE {_postgresql_template()}")
    return name


@cache
def _template_shape() -> tuple[str, ...]:
    engine = create_engine(_at(_postgresql_template()), poolclass=NullPool)
    with engine.connect() as connection:
        return _shape(connection)


def _shape(connection: Connection) -> tuple[str, ...]:
    """The names of its tables, functions and triggers: a test may have changed some."""
    return tuple(connection.exec_driver_sql(SHAPE).one())


def _emptied(name: str) -> bool:
    """Empty the tables of this database; False when it has other ones than the template."""
    engine = create_engine(_at(name), poolclass=NullPool)
    with engine.begin() as connection:
        if _shape(connection) != _template_shape():
            return False
        connection.exec_driver_sql(EMPTY_TABLES.replace("%", "%%"))
    return True


def _migrate(database_url: str) -> None:
    from portico.gate import database, migrations

    engine = database.open_engine(database_url, threads=1)
    migrations.upgrade(engine)
    engine.dispose()


def _new_name() -> str:
    return f"portico_test_{os.getpid()}_{next(_numbers)}"


def _at(name: str) -> str:
    return make_url(server()).set(database=name).render_as_string(hide_password=False)


@cache
def _master() -> Engine:
    return create_engine(server(), isolation_level="AUTOCOMMIT", pool_size=1)


def _order(*statements: str) -> None:
    with _master().connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
