"""From the front's lines to sums that add up: people, visits, requests, errors, times, callbacks."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

import databases
from gate_client import GateUnderTest, make_site
from portico.gate import database
from portico.gate.audit import COMMAND_LINE
from portico.gate.insight import reading, storing
from portico.gate.insight.collecting import Collector
from portico.gate.insight.marks import HEADER, salt_of
from portico.gate.insight.sketches import People, Times
from portico.gate.insight.tally import CALLBACKS, OTHERS, output_name, tally
from portico.gate.models import AuditLine, InsightCallback, InsightDay, InsightSalt
from portico.gate.preparation import ready_database

TODAY = "2030-01-01"  # of the clock `hands`


def line(
    app: str = "sales",
    *,
    status: int = 200,
    seconds: str = "0.010",
    mark: str = "",
    form: str = "json",
    upgrade: str = "",
    output: str = "-",
) -> bytes:
    """One line as nginx writes it."""
    return "\t".join([app, str(status), seconds, mark, form, upgrade, output]).encode()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """The database of a site."""
    engine = ready_database(make_site(tmp_path, database_url=databases.url(tmp_path)))
    yield engine
    engine.dispose()


# People


@pytest.mark.parametrize("people", [0, 1, 3, 20, 50])
def test_a_few_people_are_counted_exactly(people: int) -> None:
    """However often each of them comes."""
    sketch = People()
    for mark in [random.Random(person).getrandbits(64) for person in range(people)] * 3:
        sketch.add(mark)
    assert sketch.count == people


@pytest.mark.parametrize("people", [1_000, 30_000, 200_000])
def test_many_people_are_counted_within_three_percent(people: int) -> None:
    """Four standard errors."""
    sketch, marks = People(), random.Random(7)
    for _ in range(people):
        sketch.add(marks.getrandbits(64))
    assert abs(sketch.count - people) < 0.03 * people


def test_sketches_of_several_copies_of_a_site_count_each_person_once() -> None:
    """Merged as they are stored: as text."""
    one, other = People(), People()
    marks = [random.Random(person).getrandbits(64) for person in range(30)]
    for mark in marks[:20]:
        one.add(mark)
    for mark in marks[10:]:
        other.add(mark)
    merged = People.of_text(one.text)
    merged.merge(People.of_text(other.text))
    assert (one.count, other.count, merged.count) == (20, 20, 30)
    assert len(one.text) < 400


def test_a_mark_says_nothing_without_the_day_and_differs_by_app_and_day(
    gate: GateUnderTest, hands: object
) -> None:
    """The same person has another mark in another app and on another day; the day's secret goes with the day."""
    gate.person("anna@example.org", "analyst")
    browser = gate.browser()
    browser.sign_in()
    first = browser.check("home").headers[HEADER]
    assert browser.check("home").headers[HEADER] == first
    assert browser.check("sales").headers[HEADER] != first
    hands.move(days=1)  # type: ignore[attr-defined]
    browser.sign_in()
    assert browser.check("home").headers[HEADER] != first
    with gate.desk() as db:
        assert list(db.scalars(select(InsightSalt.day))) == ["2030-01-02"]


def test_a_stranger_and_a_site_that_does_not_count_have_no_mark(gate: GateUnderTest, tmp_path: Path) -> None:
    """Nothing to note."""
    assert HEADER not in gate.browser().check("home").headers


def test_two_workers_find_the_same_secret(engine: Engine) -> None:
    """So that a person is one person for all of them."""
    assert salt_of(engine, TODAY) == salt_of(engine, TODAY)
    assert len(salt_of(engine, TODAY)) == 32
    assert salt_of(engine, "2030-01-02") != salt_of(engine, "2030-01-03")


# Times


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=200))
def test_a_quantile_is_right_within_a_tenth(milliseconds: list[int]) -> None:
    """Against the sorted list, in buckets that were written down and merged."""
    half, other = Times(), Times()
    for number, value in enumerate(milliseconds):
        (half if number % 2 else other).add(value)
    merged = Times(half.plain)
    merged.merge(Times(other.plain))
    for share in (0.5, 0.95):
        exact = sorted(milliseconds)[max(0, -(-int(share * 100) * len(milliseconds) // 100) - 1)]
        found = merged.quantile(share)
        assert found is not None
        assert exact * 0.9 - 1 <= found <= exact * 1.1 + 1


def test_no_answers_have_no_quantile() -> None:
    """Neither has a day without use."""
    assert Times().quantile(0.5) is None


# Lines


def test_requests_visits_errors_websockets_and_the_refused_are_told_apart() -> None:
    """A visit is a page that was opened, an error an answer of 500 and above; who was not let in is neither."""
    sums = tally(
        [
            line(form="html", mark="00000000000000ff"),
            line(mark="00000000000000ff"),
            line(mark="f0000000000000ff"),
            line(status=500),
            line(status=404, form="html"),
            line(status=101, form="html", upgrade="websocket"),
            line(status=401, seconds=""),
            line(status=403, seconds="-"),
            line(status=403, mark="00000000000000ff"),
            line(app="sum", status=502, seconds="0.000"),
        ]
    )
    sales = sums["sales"]
    assert (sales.requests, sales.visits, sales.errors, sales.websockets, sales.refused) == (7, 1, 1, 1, 2)
    assert sales.people.count == 2
    assert (sums["sum"].errors, sums["sum"].times.count) == (1, 0)


def test_the_page_of_an_app_that_wakes_up_is_no_error_and_what_the_front_kept_has_no_time() -> None:
    """The page asks again by itself; a file from the cache says nothing about the app."""
    sums = tally([line(status=503, seconds="-", form="html"), line(seconds="-")])["sales"]
    assert (sums.requests, sums.errors, sums.visits, sums.times.count) == (1, 0, 0, 0)


def test_after_a_second_try_the_last_time_counts() -> None:
    """nginx writes them all."""
    assert tally([line(seconds="0.001, 0.200")])["sales"].times.quantile(0.5) == pytest.approx(200, rel=0.1)


def test_equal_lines_are_one_for_each(engine: Engine) -> None:
    """They are counted before they are read."""
    sums = tally([line(output="a.b")] * 1000)["sales"]
    assert (sums.requests, sums.callbacks["a.b"].calls, sums.times.count) == (1000, 1000, 1000)


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_lines_of_any_bytes_break_nothing(lines: list[bytes]) -> None:
    """A line that was torn in two is no line."""
    tally([*lines, line()])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("graph.figure", "graph.figure"),
        ("..graph.figure...table.data..", "graph.figure, table.data"),
        ("graph.figure@1f0c", "graph.figure"),
        ("{\\x22index\\x22:[\\x22MATCH\\x22]}.value", '{"index":["MATCH"]}.value'),
        ("z\\xC3\\xBCge.children", "züge.children"),
        ("a\\x09b\\x0A.c", "a?b?.c"),
    ],
)
def test_a_callback_is_named_by_what_it_fills(written: str, name: str) -> None:
    """As the app's code names it."""
    assert output_name(written) == name


def test_an_app_cannot_fill_the_database_with_names(engine: Engine) -> None:
    """What is beyond the bound goes under one name, in a line, in a day, and over many of them."""
    for part in range(3):
        lines = [line(output=f"out{part}-{number}.children") for number in range(CALLBACKS + 50)]
        with Session(engine) as db:
            storing.add(db, TODAY, tally(lines))
    with Session(engine) as db:
        rows = {row.output: row.calls for row in db.scalars(select(InsightCallback))}
    assert len(rows) == CALLBACKS + 1
    assert sum(rows.values()) == 3 * (CALLBACKS + 50)
    assert rows[OTHERS] == 3 * (CALLBACKS + 50) - CALLBACKS


# The database


def test_several_copies_of_a_site_add_up(engine: Engine, hands: object) -> None:
    """Two copies write at once, many times; nothing is lost and nobody is counted twice."""
    import threading

    def copy() -> None:
        for _ in range(5):
            with Session(engine) as db:
                storing.add(db, TODAY, tally([line(mark="00000000000000ff", output="a.b"), line(status=500)]))

    copies = [threading.Thread(target=copy) for _ in range(3)]
    for one in copies:
        one.start()
    for one in copies:
        one.join(60)
    with Session(engine) as db:
        app = reading.of_app(db, "sales", 7)
    assert (app.whole.requests, app.whole.errors, app.whole.people) == (30, 15, 1)
    assert (app.callbacks[0].output, app.callbacks[0].calls) == ("a.b", 15)
    assert len(app.days) == 7
    assert app.days[-1].use.requests == 30
    assert app.days[0].use.requests == 0


def test_old_days_go_and_the_secrets_of_days_that_are_over(engine: Engine, hands: object) -> None:
    """A day is kept as long as the site says."""
    for day in ("2029-09-01", "2029-12-30", TODAY):
        with Session(engine) as db:
            storing.add(db, day, tally([line(output="a.b")]))
    salt_of(engine, "2029-12-31")
    with Session(engine) as db:
        storing.shorten(db, keep=30 * 86400)
        assert sorted(db.scalars(select(InsightDay.day))) == ["2029-12-30", TODAY]
        assert sorted(db.scalars(select(InsightCallback.day))) == ["2029-12-30", TODAY]
        assert db.scalar(select(func.count()).select_from(InsightSalt)) == 0


def test_numbers_can_be_forgotten_and_the_audit_says_who_did_it(engine: Engine) -> None:
    """Of one app or of all."""
    with Session(engine) as db:
        storing.add(db, TODAY, tally([line("sales", output="a.b"), line("sum")]))
        assert storing.forget(db, COMMAND_LINE, "sales") == 1
        assert list(db.scalars(select(InsightDay.app))) == ["sum"]
        assert list(db.scalars(select(InsightCallback.app))) == []
        assert storing.forget(db, COMMAND_LINE) == 1
        noted = select(AuditLine.subject).where(AuditLine.action == "insight-forgotten")
        assert sorted(db.scalars(noted)) == ["all apps", "sales"]


# What the front put aside


def put_aside(folder: Path, lines: list[bytes], age: float = 60.0) -> Path:
    """A file of the front's lines, as the supervisor puts it aside."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{time.time_ns() - int(age * 1e9)}.lines"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def test_what_was_put_aside_is_added_once_and_removed(engine: Engine, tmp_path: Path) -> None:
    """What nginx may still be writing to has to wait."""
    folder = tmp_path / "lines"
    put_aside(folder, [line()] * 3)
    put_aside(folder, [line()] * 4, age=50)
    fresh = put_aside(folder, [line()], age=0)
    collector = Collector(engine, folder, keep=86400)
    assert collector.collect() == 2
    assert collector.collect() == 0
    assert list(folder.iterdir()) == [fresh]
    with Session(engine) as db:
        assert db.scalar(select(func.sum(InsightDay.requests))) == 7


def test_a_database_that_does_not_answer_costs_nothing(tmp_path: Path, engine: Engine) -> None:
    """The file stays where it is and is added when the database is back."""
    from sqlalchemy.exc import SQLAlchemyError

    folder = tmp_path / "lines"
    file = put_aside(folder, [line()])
    away = database.open_engine("postgresql+psycopg://portico@127.0.0.1:1/portico")
    with pytest.raises(SQLAlchemyError):
        Collector(away, folder, keep=86400).collect()
    assert list(folder.iterdir()) == [file]
    assert Collector(engine, folder, keep=86400).collect() == 1


def test_what_a_killed_process_had_in_hand_is_taken_back(engine: Engine, tmp_path: Path) -> None:
    """At the start of the next one."""
    folder = tmp_path / "lines"
    file = put_aside(folder, [line()])
    file.rename(file.with_suffix(".999999999"))
    collector = Collector(engine, folder, keep=86400)
    collector.start()
    collector.close()
    assert collector.collect() == 1
