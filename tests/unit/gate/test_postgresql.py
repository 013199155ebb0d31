"""What PostgreSQL does that SQLite does not: go away and come back, take many writers at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

import databases
from gate_client import GateUnderTest, make_app, make_site
from portico.gate.models import Person
from portico.gate.preparation import prepare


@pytest.fixture
def gate(tmp_path: Path, postgres_server: str) -> Iterator[GateUnderTest]:
    """A gate on PostgreSQL, whatever the other tests run on."""
    gate = GateUnderTest(
        make_site(tmp_path, make_app("home"), database_url=databases.url(tmp_path, "postgresql"))
    )
    yield gate
    gate.close()


def test_a_server_that_was_started_again_is_used_again_and_nobody_is_signed_out(gate: GateUnderTest) -> None:
    """Connections that have died are noticed before they are used."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert browser.check("home").status_code == 204
    _end_connections(gate)
    assert browser.check("home").status_code == 204
    _end_connections(gate)
    assert browser.get("/-/").status_code == 200
    assert browser.check("home").status_code == 204


def test_copies_that_start_at_once_prepare_one_site(tmp_path: Path, postgres_server: str) -> None:
    """From an empty database: each finds it ready, and there is one set of roles."""
    site = make_site(tmp_path, make_app("home"), database_url=databases.empty(tmp_path, "postgresql"))
    errors: list[BaseException] = []

    def start() -> None:
        try:
            prepare(site)
        except BaseException as error:
            errors.append(error)

    copies = [threading.Thread(target=start) for _ in range(4)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join(60)
    assert errors == []


def test_many_who_sign_in_at_once_all_get_in(gate: GateUnderTest) -> None:
    """No deadlock, and each has a session of their own."""
    people = [gate.person(f"p{number}@example.org") for number in range(8)]
    inside: list[int] = []

    def enter(email: str) -> None:
        browser = gate.browser(REMOTE_ADDR=f"192.0.2.{len(email)}")
        browser.sign_in(email)
        inside.append(browser.check("home").status_code)

    visits = [threading.Thread(target=enter, args=(email,)) for email in people]
    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join(60)
    assert inside == [204] * 8
    with gate.desk() as db:
        assert (
            len(list(db.scalars(select(Person.last_sign_in_at).where(Person.last_sign_in_at.is_not(None)))))
            == 8
        )


def _end_connections(gate: GateUnderTest) -> None:
    """What a restart of the server does to those who are connected."""
    engine = create_engine(gate.site.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
