"""A database's tables as files of JSON lines, and back: the same lines from SQLite and PostgreSQL.

The tables are those that the database has, not those of this code's models: an older backup is filled into tables
of its own revision, and the migrations then do with its rows what they would have done in place.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, LargeBinary, MetaData, Table, func, inspect, select, text

from portico.errors import UserError
from portico.gate.backup.manifest import Manifest, TableSummary

REVISION_TABLE = "alembic_version"
BATCH = 1000  # rows in memory at a time
_POSTGRES_LAST_IDS = text(
    "SELECT t.relname, s.last_value FROM pg_sequences s JOIN pg_class q ON q.relname = s.sequencename "
    "JOIN pg_namespace n ON n.oid = q.relnamespace AND n.nspname = s.schemaname "
    "JOIN pg_depend d ON d.objid = q.oid AND d.deptype IN ('a', 'i') JOIN pg_class t ON t.oid = d.refobjid "
    "WHERE s.schemaname = current_schema() AND s.last_value IS NOT NULL"
)


def export(connection: Connection, folder: Path) -> dict[str, TableSummary]:
    """Write `<table>.jsonl` for every table: a line with the columns' names, then one line a row.

    The connection's transaction decides what is seen; call it inside one that sees a single moment.
    """
    last_ids = _last_ids(connection)
    summaries = {}
    for table in _tables(connection):
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
        with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as stream:
            stream.write(_line(table.columns.keys()))
            rows = sum(
                bool(stream.write(_line([_plain(value) for value in row])))
                for row in connection.execute(query)
            )
        summaries[table.name] = TableSummary(rows, last_ids.get(table.name, 0))
    return summaries


def fill(connection: Connection, folder: Path, manifest: Manifest) -> None:
    """Add the rows of the files in `folder` to empty tables of the manifest's revision.

    UserError: the files do not fit the tables, or hold another number of rows than the manifest says.
    """
    tables = {table.name: table for table in _tables(connection)}
    if strange := sorted(set(manifest.tables) ^ set(tables)):
        raise UserError(
            f"this backup's tables are not those of revision {manifest.revision}: {', '.join(strange)}"
        )
    for name, table in tables.items():
        rows = 0
        for batch in _batches(_rows(folder / f"{name}.jsonl", table)):
            connection.execute(table.insert(), batch)
            rows += len(batch)
        if rows != manifest.tables[name].rows:
            raise UserError(
                f"this backup's {name} has {rows} rows, its manifest says {manifest.tables[name].rows}"
            )
        _move_on(connection, table, manifest.tables[name].last_id)


def _tables(connection: Connection) -> list[Table]:
    """Every table, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    found = [table for table in metadata.sorted_tables if table.name != REVISION_TABLE]
    for column in itertools.chain.from_iterable(table.columns for table in found):
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)
    return found


def _line(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(value: Any) -> Any:
    """A value as JSON has it: times as text in UTC, bytes in base64."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _rows(file: Path, table: Table) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        names: list[str] = json.loads(next(stream))
        if strange := sorted(set(names) ^ set(table.columns.keys())):
            raise UserError(
                f"this backup's {table.name} has other columns than the table: {', '.join(strange)}"
            )
        for line in stream:
            values = zip(names, json.loads(line), strict=True)
            yield {name: _of_plain(value, table.columns[name].type) for name, value in values}


def _of_plain(value: Any, kind: object) -> Any:
    if value is not None and isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    if value is not None and isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return value


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


# The last id that a table gave out, which may be higher than any that is still there: ids are never reused.


def _last_ids(connection: Connection) -> dict[str, int]:
    if connection.dialect.name != "sqlite":
        query = _POSTGRES_LAST_IDS
    elif inspect(connection).has_table("sqlite_sequence"):
        query = text("SELECT name, seq FROM sqlite_sequence")
    else:
        return {}
    return {str(name): int(last) for name, last in connection.execute(query)}


def _move_on(connection: Connection, table: Table, last_id: int) -> None:
    """Let the next id be higher than the last one that was given out."""
    if connection.dialect.name == "sqlite":
        rises = text("SELECT 1 FROM sqlite_master WHERE name = :name AND sql LIKE '%AUTOINCREMENT%'")
        if last_id and connection.execute(rises, {"name": table.name}).scalar():
            values = {"name": table.name, "last": last_id}
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)
        return
    key = list(table.primary_key.columns)
    if len(key) != 1:
        return
    sequence = connection.execute(
        text("SELECT pg_get_serial_sequence(:table, :column)"),
        {"table": f'"{table.name}"', "column": key[0].name},
    ).scalar()
    if sequence:
        highest = connection.execute(select(func.max(key[0]))).scalar() or 0
        if last := max(highest, last_id):
            connection.execute(
                text("SELECT setval(CAST(:sequence AS regclass), :last)"),
                {"sequence": sequence, "last": last},
            )
