"""apps/dashboard: the selection filters days, and nothing that a browser sends can break it."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def selection(dashboard_folder):
    return dashboard_folder.load("selection")


@pytest.fixture(scope="module")
def weather(dashboard_folder):
    return dashboard_folder.load("weather")


def test_the_data_are_every_day_of_four_years_in_both_cities(weather):
    for city in weather.CITIES:
        dates = weather.DAYS.loc[weather.DAYS["city"] == city, "date"]
        assert list(dates.sort_values()) == list(pd.date_range("2012-01-01", "2015-12-31"))
    assert not weather.DAYS.isna().any().any()
    assert set(weather.DAYS["kind"]) == set(weather.KINDS)


def test_nothing_chosen_means_all_days(selection, weather):
    assert len(selection.chosen_days(selection.EVERYTHING)) == len(weather.DAYS)


def test_filters_are_combined(selection):
    chosen = selection.EVERYTHING | {
        "cities": ["Seattle"],
        "months": [6, 7],
        "kinds": ["sun"],
        "period": ["2013-01-01", "2013-12-31"],
        "ranges": {"high": [20, 30]},
    }
    days = selection.chosen_days(chosen)
    assert len(days) > 10
    assert set(days["city"]) == {"Seattle"}
    assert set(days["month"]) == {6, 7}
    assert set(days["year"]) == {2013}
    assert days["high"].between(20, 30).all()


def test_a_plot_can_leave_out_what_is_chosen_in_itself(selection, weather):
    chosen = selection.EVERYTHING | {"months": [1]}
    assert len(selection.chosen_days(chosen, but=("months",))) == len(weather.DAYS)


def test_a_second_click_gives_up_what_the_first_one_chose(selection):
    once = selection.toggled(selection.EVERYTHING, "months", 6)
    assert once["months"] == [6]
    assert selection.toggled(once, "months", 6) == selection.EVERYTHING


def test_everything_chosen_one_by_one_is_the_same_as_nothing_chosen(selection):
    chosen = selection.EVERYTHING
    for month in range(1, 13):
        chosen = selection.toggled(chosen, "months", month)
    assert chosen == selection.EVERYTHING


def test_chips_say_what_is_chosen_and_each_can_be_removed(selection):
    chosen = selection.EVERYTHING | {
        "months": [6],
        "kinds": ["fog"],
        "period": ["2013-01-05", "2013-12-31"],
        "ranges": {"wind": [2, 3.25]},
    }
    chips = selection.chips(chosen)
    assert [chip.text for chip in chips] == [
        "5 Jan 2013 – 31 Dec 2013",
        "Jun",
        "fog",
        "Wind 2.0 – 3.2 m/s",
    ]
    for chip in chips:
        chosen = selection.toggled(chosen, chip.key, chip.value)
    assert chosen == selection.EVERYTHING


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
anything = st.fixed_dictionaries(
    {},
    optional={
        key: json_values | st.lists(json_values, min_size=2, max_size=2)
        for key in ("cities", "months", "kinds", "period")
    }
    | {"ranges": st.dictionaries(st.sampled_from(["high", "rain", "x"]), json_values, max_size=2)},
)


@given(sent=json_values | anything)
def test_whatever_a_browser_sends_becomes_a_selection(selection, sent):
    clean = selection.checked(sent)
    assert set(clean) == set(selection.EVERYTHING)
    selection.chosen_days(clean)
    selection.chips(clean)
    assert selection.checked(clean) == clean
