"""While somebody else holds the database, forms come back soon and checks are answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from gate_client import GateUnderTest
from portico.gate import busy_database, database

THREADS = 8


@contextmanager
def held(gate: GateUnderTest) -> Iterator[None]:
    """Somebody writes and does not finish; reading goes on."""
    engine = database.open_engine(gate.site.database_url, threads=1)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("LOCK TABLE attempts, session, audit IN EXCLUSIVE MODE"))
        yield
        connection.rollback()
    engine.dispose()


def test_a_held_database_holds_each_thread_once_and_briefly(gate: GateUnderTest) -> None:
    """Then forms are sent back at once; when it is free again, the next one gets through within seconds."""
    gate.person()
    member = gate.browser()
    member.sign_in()
    forms = []
    for _ in range(THREADS):
        browser = gate.browser()
        forms.append(
            (browser, browser.hidden("/-/sign-in") | {"email": "anna@example.org", "password": "wrong one"})
        )
    first: list[tuple[int, float]] = []

    def send(number: int) -> None:
        browser, data = forms[number]
        began = time.monotonic()
        status = browser.post("/-/sign-in", data).status_code
        first.append((status, time.monotonic() - began))

    with held(gate):
        threads = [threading.Thread(target=send, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [status for status, _ in first] == [503] * THREADS
        assert max(seconds for _, seconds in first) < 4.5  # not 5 s each, one after the other
        began = time.monotonic()
        answers = [browser.post("/-/sign-in", data) for browser, data in forms]
        assert [answer.status_code for answer in answers] == [503] * THREADS
        told = [answer.headers["Retry-After"] for answer in answers]
        assert "2" in told
        assert told.count("5") <= 1  # one at a time may try, and waits
        assert time.monotonic() - began < 1 + busy_database.PATIENCE  # one of them may have tried
        assert member.check("home").status_code == 204
        assert member.get("/-/profile").status_code == 200
    time.sleep(busy_database.PATIENCE + busy_database.PAUSE + 0.1)
    assert gate.browser().sign_in().status_code == 302


def test_nothing_is_sent_back_while_the_database_is_well(gate: GateUnderTest) -> None:
    """An ordinary failure of a statement is no reason."""
    gate.person()
    for _ in range(3):
        assert gate.browser().sign_in(password="wrong one").status_code == 401
