"""apps/dashboard/resampling.py: the bootstrap answers, step by step, what the data say."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def resampling(dashboard_folder):
    return dashboard_folder.load("resampling")


@pytest.mark.parametrize("key", ["rain", "wet", "hard", "high"])
def test_the_interval_lies_around_the_difference_that_was_seen(resampling, key):
    *_, last = resampling.resampled(resampling.QUESTIONS[key], 20_000)
    assert last.done == last.total == 20_000
    assert last.interval[0] < last.seen < last.interval[1]
    assert last.counts.sum() > 19_000


def test_the_difference_seen_is_the_difference_of_the_plain_averages(resampling):
    days = resampling.DAYS
    means = days.groupby("city")["high"].mean()
    first = next(resampling.resampled(resampling.QUESTIONS["high"], resampling.STEP))
    assert first.seen == pytest.approx(means["Seattle"] - means["New York"])


def test_progress_is_reported_in_even_steps_and_a_seed_repeats_it(resampling):
    question = resampling.QUESTIONS["wet"]
    one = list(resampling.resampled(question, 4 * resampling.STEP))
    two = list(resampling.resampled(question, 4 * resampling.STEP))
    assert [step.done for step in one] == [resampling.STEP * n for n in (1, 2, 3, 4)]
    assert all(np.array_equal(a.counts, b.counts) for a, b in zip(one, two, strict=True))
