"""Opening the site's database: SQLite with the settings a web site needs, or PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.site import Site

BUSY_SECONDS = 5.0
# When a PostgreSQL server that says nothing is given up; by itself the kernel tries for a quarter of an hour.
VANISHED = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
SERIALIZE_LOCK = 0x706F7274  # "port": one number for PostgreSQL's advisory locks of this site's gate


def engine_options(url: str, threads: int = 8, busy: float = BUSY_SECONDS) -> dict[str, Any]:
    """The arguments of `create_engine` for this URL.

    SQLite's implicit transactions start with BEGIN IMMEDIATE: a reader takes no lock, a writer waits for its
    turn instead of failing when it turns from reader to writer.
    """
    options: dict[str, Any] = {"url": url, "pool_size": threads, "max_overflow": 2 * threads}
    options["hide_parameters"] = True  # what goes into a statement, hashes and addresses, goes into no log
    if make_url(url).get_backend_name() == "sqlite":
        options["connect_args"] = {
            "isolation_level": "IMMEDIATE",
            "timeout": busy,
            "check_same_thread": False,
        }
    else:
        options["pool_pre_ping"] = True
        named = make_url(url).query
        options["connect_args"] = {key: value for key, value in VANISHED.items() if key not in named}
    return options


def open_engine(url: str, threads: int = 8, busy: float = BUSY_SECONDS) -> Engine:
    """An engine for the site's database; connects at first use."""
    engine = create_engine(**engine_options(url, threads, busy))
    tune(engine, busy)
    return engine


def tune(engine: Engine, busy: float = BUSY_SECONDS) -> None:
    """Make each new SQLite connection of this engine keep its promises (foreign keys, one transaction) and its
    pace (WAL); let one to PostgreSQL wait for a lock no longer than SQLite does."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "savepoint", _begin_before_savepoint)
    else:

        def wait_so_long(connection: Any, _record: object) -> None:
            connection.execute(f"SET lock_timeout = {round(busy * 1000)}")
            connection.commit()  # else the first rollback takes it back

        event.listen(engine, "connect", wait_so_long)


def _tune_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    _use_wal(connection)
    # recursive_triggers: else INSERT OR REPLACE takes a line of the audit away without asking its trigger
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON", "recursive_triggers = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. Of several that open a new file at once, SQLite refuses some without waiting."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_before_savepoint(connection: Connection, _name: str | None) -> None:
    """Python's driver starts no transaction for a SAVEPOINT, and RELEASE of one outside of a transaction commits:
    what comes before it and what comes after it would be two transactions."""
    raw = connection.connection.driver_connection
    if raw is not None and not raw.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def make_place(site: Site) -> None:
    """Make the folder that a SQLite database lies in, closed to others."""
    url = make_url(site.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def close_to_others(site: Site) -> None:
    """Take a SQLite database's file away from other users of the machine."""
    url = make_url(site.database_url)
    if url.get_backend_name() == "sqlite" and url.database and Path(url.database).exists():
        Path(url.database).chmod(0o600)


def serialize(db: Session) -> None:
    """From here to the end of the transaction, nobody else changes people: for rules that count, such as
    "one administrator stays"."""
    if db.get_bind().dialect.name == "sqlite":
        raw = db.connection().connection.driver_connection
        if raw is not None and not raw.in_transaction:
            db.execute(text("BEGIN IMMEDIATE"))
    else:
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SERIALIZE_LOCK})


def explain(error: DBAPIError, site: Site) -> UserError:
    """One line for a database that cannot be opened or that refuses."""
    url = make_url(site.database_url).render_as_string(hide_password=True)
    return UserError(f"database {url}: {reason(error)}{_repair(error, site)}")


def is_damaged(error: DBAPIError) -> bool:
    """Whether a SQLite file is no database (any more)."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def _repair(error: DBAPIError, site: Site) -> str:
    """What would be right, where it is plain."""
    if is_damaged(error):
        return "; `portico restore` puts a backup in its place"
    if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_CANTOPEN:
        return ""
    folder = Path(make_url(site.database_url).database or "").parent
    effective = os.access in os.supports_effective_ids
    allowed = os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=effective)
    return "" if allowed else "; run this command as the user who serves the site"


def reason(error: DBAPIError) -> str:
    """What the database or its driver says, in one line."""
    return next(iter(str(error.orig or error).strip().splitlines()), type(error).__name__)


def is_passing(error: DBAPIError) -> bool:
    """Whether it is a matter of time: a database that is locked, full or gone, and not a wrong statement."""
    return isinstance(error, OperationalError | InterfaceError)
