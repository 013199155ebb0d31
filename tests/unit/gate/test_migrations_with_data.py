"""Migrations up and down, one by one, from the first release with people in it: nobody and nothing is lost.

Each table that a revision adds gets a row of its own before the way back: what came later must not be in the way.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

import databases
from gate_client import make_site
from portico.gate import database, migrations
from portico.gate.migrations import versions

NOON = datetime.now(UTC).replace(microsecond=0)  # the audit lets old lines go
PEOPLE = 300
FIRST = "0001"
Rows = dict[str, list[dict[str, Any]]]


def _revisions() -> list[str]:
    """Every revision, the first release's first."""
    return sorted(file.name[:4] for file in Path(versions.__path__[0]).glob("[0-9]*.py"))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind."""
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
    site = make_site(tmp_path, database_url=databases.empty(tmp_path, request.param))
    database.make_place(site)
    engine = database.open_engine(site.database_url, threads=1)
    yield engine
    engine.dispose()


def test_a_site_of_the_first_release_comes_up_and_goes_back_step_by_step_with_all_that_is_in_it(
    engine: Engine,
) -> None:
    """What the first release wrote is there at each step; each later table holds something on the way back."""
    migrations.upgrade(engine, FIRST)
    before = _inhabit(engine)
    for revision in _revisions()[1:]:
        known = set(inspect(engine).get_table_names())
        migrations.upgrade(engine, revision)
        _still_there(engine, before, revision)
        _fill(engine, set(inspect(engine).get_table_names()) - known)
    for revision in reversed(_revisions()[:-1]):
        migrations.downgrade(engine, revision)
        _still_there(engine, before, f"back at {revision}")
    assert _rows(engine, before) == before
    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}


def test_each_step_back_and_up_again_leaves_the_tables_as_they_were(engine: Engine) -> None:
    """Columns, indexes and constraints, on a database with people in it."""
    migrations.upgrade(engine, FIRST)
    before = _inhabit(engine)
    for older, newer in itertools.pairwise(_revisions()):
        there = _shape(engine)
        migrations.upgrade(engine, newer)
        after = _shape(engine)
        migrations.downgrade(engine, older)
        assert _shape(engine) == there, f"{newer} leaves something behind"
        migrations.upgrade(engine, newer)
        assert _shape(engine) == after, f"{newer} is different the second time"
        _still_there(engine, before, newer)


def test_the_first_release_goes_to_the_newest_in_one_go_and_the_gate_can_use_what_it_finds(
    engine: Engine,
) -> None:
    """Read by today's models, added to, and ids go on where they were."""
    from sqlalchemy.orm import Session

    from portico.gate.models import Person, Role

    migrations.upgrade(engine, FIRST)
    before = _inhabit(engine)
    assert migrations.upgrade(engine)
    with Session(engine) as db:
        anna = db.scalars(select(Person).where(Person.email == "p7@example.org")).one()
        assert anna.role_names == {"analyst"}
        assert anna.created_at == NOON
        db.add(Person(email="new@example.org", fs_uniquifier="n" * 32, roles=list(db.scalars(select(Role)))))
        db.flush()
        newest = db.scalars(select(func.max(Person.id))).one()
        db.commit()
    assert newest > max(row["id"] for row in before["person"])


# What the first release had in it


def _inhabit(engine: Engine) -> Rows:
    """Fill the first release's tables; returns every row."""
    tables = _tables(engine)
    with engine.begin() as connection:
        for number, name in enumerate(("admin", "analyst"), start=1):
            connection.execute(tables["role"].insert().values(id=number, name=name, description=f"{name} ü"))
        for name, make in FIRST_ROWS.items():
            connection.execute(tables[name].insert(), [make(number) for number in range(1, PEOPLE + 1)])
        for table in (tables[name] for name in ("role", *FIRST_ROWS) if "id" in tables[name].c):
            _move_on(connection, table)
    return _rows(engine, {name: [] for name in tables})


FIRST_ROWS: Mapping[str, Any] = {
    "person": lambda n: {
        "id": n,
        "uid": f"{n:032x}",
        "email": f"p{n}@example.org",
        "name": f"Zoë {n}",
        "password": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA" if n % 2 else None,
        "email_verified": bool(n % 3),
        "active": bool(n % 5),
        "created_at": NOON,
        "last_sign_in_at": NOON if n % 4 else None,
    },
    "person_role": lambda n: {"person_id": n, "role_id": 1 if n == 1 else 2},
    "session": lambda n: {
        "id": n,
        "token_hash": f"{n:064x}",
        "person_id": n if n % 7 else None,
        "parent_id": n - 1 if n % 10 == 9 else None,
        "host": "lab.example.org" if n % 10 == 9 else None,
        "created_at": NOON,
        "last_used_at": NOON,
        "valid_until": NOON + timedelta(hours=12),
        "absolute_until": NOON + timedelta(days=7),
        "remembered": bool(n % 2),
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "data": {"csrf_token": f"{n}", "deep": {"list": [1, None, "ü"]}},
    },
    "link": lambda n: {
        "id": n,
        "kind": "reset",
        "token_hash": f"{n:064x}",
        "person_id": n,
        "created_at": NOON,
        "expires_at": NOON + timedelta(minutes=30),
        "data": {},
    },
    "attempts": lambda n: {"key": f"{n:064x}", "failures": n, "last_at": NOON, "wait_until": NOON},
    "audit": lambda n: {
        "id": n,
        "at": NOON,
        "actor": f"p{n}@example.org",
        "action": "signed-in",
        "subject": f"p{n}@example.org",
        "ip": "192.0.2.7",
        "detail": {"remember": bool(n % 2)},
    },
}


# What is looked at after each step


def _still_there(engine: Engine, before: Rows, where: str) -> None:
    """Every row of before is there with every value it had, and the audit still refuses to be changed."""
    now = _rows(engine, before)
    for table, rows in before.items():
        assert now[table] == rows, f"{where}: {table} has lost something"
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == [], where
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))


def _rows(engine: Engine, like: Rows) -> Rows:
    """The rows of these tables, with no more columns than `like` has."""
    found: Rows = {}
    with engine.connect() as connection:
        for name, table in _tables(engine).items():
            if name not in like:
                continue
            columns = [column for column in table.c if not like[name] or column.name in like[name][0]]
            query = select(*columns).order_by(*table.primary_key.columns)
            found[name] = [
                {key: _in_utc(value) for key, value in row._mapping.items()}
                for row in connection.execute(query)
            ]
    return found


def _shape(engine: Engine) -> dict[str, Any]:
    """Each table's columns, indexes, keys and constraints, and the triggers."""
    looking = inspect(engine)
    shape: dict[str, Any] = {}
    for name in sorted(looking.get_table_names()):
        columns = [
            (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in looking.get_columns(name)
        ]
        shape[name] = {
            "columns": sorted(columns, key=lambda column: column[0]),
            "indexes": sorted((i["name"], i["column_names"], i["unique"]) for i in looking.get_indexes(name)),
            "unique": sorted((u["name"], u["column_names"]) for u in looking.get_unique_constraints(name)),
            "primary": looking.get_pk_constraint(name)["constrained_columns"],
            "foreign": sorted(
                (f["constrained_columns"], f["referred_table"], f["options"])
                for f in looking.get_foreign_keys(name)
            ),
        }
    triggers = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with engine.connect() as connection:
        shape["triggers"] = sorted(connection.execute(text(triggers)).scalars())
    return shape


# A row for any table


def _fill(engine: Engine, names: set[str]) -> None:
    """Put a row into each of these tables, whatever columns it has."""
    tables = _tables(engine)
    with engine.begin() as connection:
        for name in (name for name in tables if name in names):
            connection.execute(tables[name].insert().values(**_any_row(connection, tables[name])))


def _any_row(connection: Connection, table: Table) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in table.c:
        if column.foreign_keys:
            target = next(iter(column.foreign_keys)).column
            row[column.name] = connection.execute(select(func.max(target))).scalar()
        elif not (column.primary_key and isinstance(column.type, Integer)):
            row[column.name] = _any_value(column)
    return row


def _any_value(column: Any) -> Any:
    kind = column.type
    for types, value in (
        (Boolean, True),
        (Integer | Numeric, 400),
        (DateTime, NOON),
        (Date, NOON.date()),
        (LargeBinary, b"\x00\xff"),
        (JSON, {"any": ["thing"]}),
    ):
        if isinstance(kind, types):
            return value
    return "anything"[: kind.length or 8]


def _tables(engine: Engine) -> dict[str, Table]:
    """The tables as the database has them, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(engine)
    return {table.name: table for table in metadata.sorted_tables if table.name != "alembic_version"}


def _move_on(connection: Connection, table: Table) -> None:
    """PostgreSQL's sequence does not know of ids that were given."""
    if connection.dialect.name != "sqlite":
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}")  # noqa: S608
        )


def _in_utc(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value
