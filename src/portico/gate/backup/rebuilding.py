"""An empty database in place of the site's own, and the old one moved aside: on SQLite a file, on PostgreSQL a schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url

from portico.errors import UserError
from portico.gate import database, migrations
from portico.gate.backup.tables import REVISION_TABLE
from portico.site import Site

_SQLITE_FILES = ("", "-wal", "-shm")


def exists(site: Site) -> bool:
    """Whether the site has a database with tables in it, or a file in its place."""
    if file := _sqlite_file(site):
        return file.exists()
    engine = database.open_engine(site.database_url, threads=1)
    try:
        return inspect(engine).has_table(REVISION_TABLE)
    finally:
        engine.dispose()


@contextmanager
def rebuilding(site: Site, stamp: str, kept: list[str]) -> Iterator[Connection]:
    """A connection to an empty database. When the block ends well, it is the site's; what was there is in `kept`.

    When the block raises, nothing has changed. UserError: somebody else uses the database.
    """
    file = _sqlite_file(site)
    with _in_file(file, stamp, kept) if file else _in_schema(site, stamp, kept) as connection:
        yield connection


def _sqlite_file(site: Site) -> Path | None:
    url = make_url(site.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


@contextmanager
def _in_file(target: Path, stamp: str, kept: list[str]) -> Iterator[Connection]:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        _refuse_open(target)
    fresh = target.with_name(f".{target.name}.restoring")
    _remove(fresh)
    fresh.touch(mode=0o600)
    engine = database.open_engine(f"sqlite:///{fresh}", threads=1)
    try:
        with migrations.locked(engine) as connection:
            yield connection
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise UserError(
                    f"this backup's {broken[0]} refers to rows of {broken[2]} that it does not have"
                )
        engine.dispose()  # the last connection brings the write-ahead log into the file
        for suffix in _SQLITE_FILES:
            old = target.with_name(target.name + suffix)
            if old.exists():
                aside = target.with_name(f"{target.name}.before-restore-{stamp}{suffix}")
                old.rename(aside)
                kept.append(str(aside))
        fresh.rename(target)
    finally:
        engine.dispose()
        _remove(fresh)


def _refuse_open(target: Path) -> None:
    """SQLite leaves the write-ahead log only when nobody else has the database open: the site in another container."""
    connection = sqlite3.connect(target, timeout=0)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:  # one that is damaged is all the more reason to restore
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise UserError(f"{target}: another process has it open; stop the site, then restore") from None
    finally:
        connection.close()


def _remove(file: Path) -> None:
    for suffix in _SQLITE_FILES:
        file.with_name(file.name + suffix).unlink(missing_ok=True)


@contextmanager
def _in_schema(site: Site, stamp: str, kept: list[str]) -> Iterator[Connection]:
    engine = database.open_engine(site.database_url, threads=1)
    try:
        with migrations.locked(engine) as connection:
            _refuse_others(connection)
            moved = _move_aside(connection, f"before_restore_{stamp.replace('-', '_')}")
            yield connection
        kept.extend(moved)
    finally:
        engine.dispose()


def _refuse_others(connection: Connection) -> None:
    """The site may run where this command cannot see its lock: in another container, on another machine."""
    others = connection.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    ).scalar()
    if others:
        raise UserError(
            f"{others} other connections use the database; stop the site everywhere (and close other clients), "
            "then restore"
        )


def _move_aside(connection: Connection, schema: str) -> list[str]:
    """Move the tables and functions of the current schema into a new one; nothing is lost, nothing is copied."""
    found = inspect(connection).get_table_names()
    if not found:
        return []
    quoted = connection.dialect.identifier_preparer.quote
    connection.execute(text(f"CREATE SCHEMA {quoted(schema)}"))
    for name in found:
        connection.execute(text(f"ALTER TABLE {quoted(name)} SET SCHEMA {quoted(schema)}"))
    functions = connection.execute(
        text(
            "SELECT CAST(p.oid::regprocedure AS text) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = current_schema() AND p.prokind = 'f' "
            "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
    )
    for function in functions.scalars().all():
        connection.execute(text(f"ALTER FUNCTION {function} SET SCHEMA {quoted(schema)}"))
    return [f"the schema {schema} of the database"]
