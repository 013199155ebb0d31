"""One API token's limit is one limit, however many gate processes and machines a site has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from gate_client import GateUnderTest, statements
from portico.gate import database
from portico.gate.accounts import people
from portico.gate.audit import Actor
from portico.gate.preparation import prepare
from portico.gate.tokens import actions as token_actions
from portico.gate.tokens import pace as pace_module
from portico.gate.tokens.pace import Pace
from portico.gate.tokens.scopes import API, EVERY_APP
from portico.site import Site
from portico.site.model import Tokens


@pytest.fixture
def engine(site: Site) -> Iterator[Engine]:
    """The database that all copies share."""
    prepare(site)
    engine = database.open_engine(site.database_url)
    yield engine
    engine.dispose()


def passed(paces: list[Pace], tries: int) -> int:
    """How many of so many requests pass, dealt out in turn."""
    return sum(paces[number % len(paces)].wait(7) == 0 for number in range(tries))


@pytest.mark.parametrize("copies", [1, 2, 5])
@pytest.mark.parametrize("rate", [1, 6, 60, 600])
def test_all_copies_together_keep_the_limit(engine: Engine, hands: Any, copies: int, rate: int) -> None:
    """At once, and then for minutes at a multiple of the pace: a sixtieth more for each copy at most, and no less."""
    paces = [Pace(engine, rate) for _ in range(copies)]
    at_once = pace_module.at_once(rate) + 1
    assert passed(paces, 3 * at_once + 20) == at_once
    let_through, seconds = 0, 180
    for _ in range(seconds // 3):
        hands.move(seconds=3)
        let_through += passed(paces, max(2, rate // 8))
    even = rate * seconds // 60
    assert even * 0.95 - copies * (rate // 60) - 1 <= let_through <= even + copies * max(1, rate // 60)


def test_who_keeps_the_pace_is_never_refused_by_any_copy(engine: Engine, hands: Any) -> None:
    """What one copy has taken and another needs is little, and lapses."""
    paces = [Pace(engine, 600) for _ in range(4)]
    for number in range(600):
        hands.move(seconds=0.101)
        assert paces[number * 7 % 4].wait(7) == 0


def test_a_refusal_says_when_to_come_back(engine: Engine, hands: Any) -> None:
    pace = Pace(engine, 6)
    assert [pace.wait(7) for _ in range(3)] == [0, 0, 10]
    hands.move(seconds=9)
    assert pace.wait(7) == 1
    hands.move(seconds=1)
    assert pace.wait(7) == 0
    assert pace.wait(8) == 0  # another token


def test_a_busy_token_costs_few_statements(engine: Engine, hands: Any) -> None:
    """Not one for each request."""
    pace, said = Pace(engine, 6000), []
    with statements(said):
        assert passed([pace], 1000) == 1000
    assert len(said) <= 40, said


def test_many_at_once_are_as_many(engine: Engine) -> None:
    """Threads of several copies: each request is counted."""
    paces = [Pace(engine, 60) for _ in range(4)]
    got: list[int] = []

    def ask(pace: Pace) -> None:
        got.append(passed([pace], 12))

    threads = [threading.Thread(target=ask, args=[pace]) for pace in paces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert 11 <= sum(got) <= 11 + 8  # what the seconds of the test give back


def test_a_database_that_takes_no_writes_refuses_nobody(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The front of each copy counts by itself."""

    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("locked"))

    monkeypatch.setattr(pace_module, "_keep", fail)
    assert passed([Pace(engine, 6)], 20) == 20


def test_two_gates_count_one_tokens_requests_together(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the check, at the JSON API, and where a frame is asked for; on a database that copies can share."""
    monkeypatch.setattr(type(site), "may_have_copies", True)
    slow = replace(site, tokens=Tokens(rate=12))
    gates = [GateUnderTest(slow), GateUnderTest(slow)]
    email = gates[0].person("anna@example.org", "admin")
    with gates[0].desk() as db:
        person = people.find_person(db, email)
        text, _ = token_actions.issue_personal(
            db, Actor(email), slow, person, "program", [EVERY_APP, API], timedelta(hours=1)
        )
    shown = {"Authorization": f"Bearer {text}"}
    asked = [gates[turn].browser().get("/-/check/home", headers=shown) for turn in (0, 1, 0, 1)]
    assert [answer.status_code for answer in asked] == [204, 204, 204, 403]
    assert int(asked[-1].headers["X-Portico-Wait"]) >= 1
    for gate in gates:
        refused = gate.browser().get("/-/api/v1/people", headers=shown)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert gate.browser().post("/-/frame", headers=shown).status_code == 429
        gate.close()
