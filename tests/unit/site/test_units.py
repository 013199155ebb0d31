"""Durations and sizes, as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.site import duration, duration_text, size, size_text
from portico.site.problems import Wrong


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("1.5h", 5400),
        (" 7 D ", 604800),
        ("2w", 1209600),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [("1B", 1), ("500KB", 500_000), ("100 mb", 100_000_000), ("1.5GiB", 1_610_612_736), ("1KiB", 1024)],
)
def test_a_size_is_read_in_bytes(text: str, number: int) -> None:
    assert size(text) == number


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (15, '15 has no unit; write a duration like "30s", "15m" or "12h"'),
        ("15", '"15" has no unit; write a duration like "30s", "15m" or "12h"'),
        ("15 minutes", 'unknown unit of time "minutes" in "15 minutes"; use ms, s, m, h, d or w'),
        ("soon", 'not a duration: "soon"; write it like "30s", "15m" or "1h30m"'),
        ("-5m", 'not a duration: "-5m"; write it like "30s", "15m" or "1h30m"'),
        ("", 'not a duration: ""; write it like "30s", "15m" or "1h30m"'),
        (True, 'expected a duration like "30s", "15m" or "12h", not true'),
        (["5m"], 'expected a duration like "30s", "15m" or "12h", not a list'),
    ],
)
def test_what_is_no_duration_gets_a_line_with_the_repair(value: object, line: str) -> None:
    with pytest.raises(Wrong) as caught:
        duration(value)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (100, '100 has no unit; write a size like "500KB", "100MB" or "2GB"'),
        ("100 megs", 'unknown unit of size "megs" in "100 megs"; use B, KB, MB, GB, KiB, MiB or GiB'),
        ("big", 'not a size: "big"; write it like "500KB" or "100MB"'),
        ("1MB2KB", 'not a size: "1MB2KB"; write it like "500KB" or "100MB"'),
    ],
)
def test_what_is_no_size_gets_a_line_with_the_repair(value: object, line: str) -> None:
    with pytest.raises(Wrong) as caught:
        size(value)
    assert str(caught.value) == line


@given(st.integers(min_value=0, max_value=10**12))
def test_a_duration_written_for_a_person_reads_back_as_itself(milliseconds: int) -> None:
    assert duration(duration_text(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=1e-6)


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_a_size_written_for_a_person_reads_back_as_itself(number: int) -> None:
    assert size(size_text(number)) == number


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_is_refused(text: str) -> None:
    with suppress(Wrong):
        assert duration(text) >= 0


@given(st.text(max_size=20))
def test_any_text_is_a_size_or_is_refused(text: str) -> None:
    with suppress(Wrong):
        assert size(text) >= 0


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (5400, "1h30m"), (0.25, "250ms"), (86400, "1d")])
def test_a_duration_is_shown_in_the_units_people_use(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0B"), (10**8, "100MB"), (2048, "2KiB"), (1001, "1001B")])
def test_a_size_is_shown_in_its_largest_exact_unit(number: int, text: str) -> None:
    assert size_text(number) == text
