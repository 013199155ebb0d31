"""apps/sum/exact_sum.py: the sum is exact, and what is no number is refused by name."""

from __future__ import annotations

import contextlib
import json
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def exact(sum_folder):
    return sum_folder.load("exact_sum")


integers = st.integers(min_value=-(10**60), max_value=10**60)
digits = st.text(alphabet="0123456789", min_size=1, max_size=30)
signs = st.sampled_from(["", "+", "-"])
exponents = st.one_of(st.just(""), st.integers(-1000, 1000).map(lambda e: f"e{e}"), st.just("E+07"))
fractions = st.one_of(st.just(""), digits.map(lambda d: f".{d}"), st.just("."))
numeric_strings = st.builds("".join, st.tuples(signs, digits, fractions, exponents))
items = st.lists(st.one_of(integers, integers.map(str), numeric_strings), max_size=40)


@given(data=items)
def test_the_sum_equals_the_sum_of_fractions(exact, data):
    text = exact.written(exact.exact_sum(data))
    assert Fraction(text) == sum((Fraction(item) for item in data), Fraction(0))


@given(data=items)
def test_the_answer_is_a_json_number_in_its_one_canonical_form(exact, data):
    text = exact.written(exact.exact_sum(data))
    assert json.loads(text, parse_float=Decimal) == Decimal(text)
    assert not set(text) - set("-0123456789.")
    assert "." not in text or not text.endswith(("0", "."))
    assert not text.startswith(("-0", "00")) or text.startswith("-0.")


@given(text=st.text(max_size=12))
def test_a_string_is_added_or_refused_exactly_as_the_written_rule_says(exact, text):
    match = exact.NUMBER.fullmatch(text)
    try:
        exact.exact_sum([1, text])
    except exact.NotANumberError:
        assert match is None or abs(int(match[1] or 0)) > exact.MAX_EXPONENT
    else:
        assert match is not None


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ([], "0"),
        (["1", "2"], "3"),
        (["0.1", "0.2"], "0.3"),
        (["1.50", "1.50"], "3"),
        (["1e3"], "1000"),
        (["-0", "-0.0"], "0"),
        ([1, "2", "0.5"], "3.5"),
        ([" 1 ", "+2", "007", ".5", "1."], "11.5"),
        (["1e1000", "-1e1000", "1e-3"], "0.001"),
        ([10**40, "1"], "10000000000000000000000000000000000000001"),
    ],
)
def test_sums_are_written_without_exponent_and_without_needless_zeros(exact, data, answer):
    assert exact.written(exact.exact_sum(data)) == answer


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("x", 'not a number: "x"'),
        ("", 'not a number: ""'),
        ("1_000", 'not a number: "1_000"'),
        ("1,5", 'not a number: "1,5"'),
        ("1 2", 'not a number: "1 2"'),
        ("--1", 'not a number: "--1"'),
        ("٣", 'not a number: "٣"'),
        ("NaN", 'not a number: "NaN"'),
        ("-Infinity", 'not a number: "-Infinity"'),
        ("0x10", 'not a number: "0x10"'),
        (True, "not a number: true"),
        (None, "not a number: null"),
        ([1], "not a number: an array"),
        ({}, "not a number: an object"),
        ("1e1001", 'exponent beyond 1000: "1e1001"'),
        ("1e-999999999", 'exponent beyond 1000: "1e-999999999"'),
        ("y" * 99, f'not a number: "{"y" * 40}..." (99 characters)'),
    ],
)
def test_the_first_item_that_is_no_number_is_named(exact, item, reason):
    with pytest.raises(exact.NotANumberError) as caught:
        exact.exact_sum([1, "2", "0.5", item, "also wrong"])
    assert str(caught.value) == f"data[3]: {reason}"


@pytest.mark.parametrize(
    "data",
    [
        ["9" * 5_000_000, *["1.5"] * 300_000],
        ["1" * 5_000_000 + "x"],
        ["1e" + "9" * 5_000_000],
        ["1e999", "1e-999"] * 200_000,
        ["9" * 4300] * 1000,
    ],
    ids=["one huge among many", "huge and wrong", "huge exponent", "far apart", "long ones"],
)
def test_no_input_takes_time_out_of_proportion_to_its_length(exact, data):
    began = time.process_time()
    with contextlib.suppress(exact.NotANumberError):
        exact.written(exact.exact_sum(data))
    assert time.process_time() - began < 5
