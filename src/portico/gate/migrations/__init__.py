"""The database's versions. `upgrade` brings a database to this code's version, once, under a lock.

Alembic takes a third of a second to import, so it is imported only when there is something to do: HEAD is
compared with the database's own revision first (a test holds HEAD to the newest file in versions/).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from portico.errors import UserError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0008"
LOCK = 0x706F7275


def revision(connection: Connection) -> str | None:
    """The database's revision; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def is_current(engine: Engine) -> bool:
    """Whether the database has this code's tables."""
    with engine.connect() as connection:
        return revision(connection) == HEAD


def upgrade(engine: Engine, target: str = "head") -> bool:
    """Bring the database to `target`; False when it was there already.

    All revisions run in one transaction under a lock: others wait, and a crash in the middle leaves what was.
    """
    if target == "head" and is_current(engine):
        return False
    with locked(engine) as connection:
        if target == "head" and revision(connection) == HEAD:
            return False
        _refuse_newer(connection)
        run(connection, target)
    return True


def run(connection: Connection, target: str) -> None:
    """Bring the database to `target` in the transaction of a connection that `locked` gave."""
    from alembic import command

    command.upgrade(_config(connection), target)


def knows(target: str) -> bool:
    """Whether this code has the revision `target`."""
    files = (Path(__file__).parent / "versions").glob("[0-9]*.py")
    return target in {file.name.split("_")[0] for file in files}


def downgrade(engine: Engine, target: str) -> None:
    """Bring the database back to `target` ("base": empty)."""
    from alembic import command

    with locked(engine) as connection:
        command.downgrade(_config(connection), target)


@contextmanager
def locked(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction only one process at a time has; committed when the block ends well."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # while tables are copied and renamed
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")
                connection.commit()


def _refuse_newer(connection: Connection) -> None:
    found = revision(connection)
    if found is not None and not knows(found):
        raise UserError(
            f"database: its tables are of revision {found}, newer than this Portico knows ({HEAD}); "
            "install the newer Portico"
        )


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
