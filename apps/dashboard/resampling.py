"""How sure is a difference between the cities? The moving-block bootstrap, in steps that report progress.

Weather comes in spells, so single days must not be shuffled. Each resample puts four years together from
random blocks of 30 days in a row, the same blocks in both cities, and takes the difference of the averages
again (Künsch, 1989, The Annals of Statistics 17(3): 1217-1241).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from weather import CITIES, DAYS, WET

BLOCK = 30  # days; longer than a spell of weather
STEP = 5_000  # resamples between two reports


@dataclass(frozen=True)
class Question:
    """An average to compare: of `values` over the days in `weights` (both one number a day)."""

    text: str
    unit: str
    column: str
    wet_days_only: bool = False
    as_share_of_wet_days: bool = False

    def numbers(self, city: str) -> tuple[np.ndarray, np.ndarray]:
        """(values, weights) of that city's days in order; the average is sum(values) / sum(weights)."""
        days = DAYS[DAYS["city"] == city].sort_values("date")
        wet = (days["rain"] >= WET).to_numpy(dtype=float)
        if self.as_share_of_wet_days:
            return 100 * wet, np.ones_like(wet)
        values = days[self.column].to_numpy(dtype=float)
        return (values * wet, wet) if self.wet_days_only else (values, np.ones_like(values))


QUESTIONS = {
    "rain": Question("Does more rain fall in Seattle?", "mm a day", "rain"),
    "wet": Question("Does it rain on more days?", "percentage points", "rain", as_share_of_wet_days=True),
    "hard": Question("Does it rain harder, when it rains?", "mm a wet day", "rain", wet_days_only=True),
    "high": Question("Are its days warmer?", "°C", "high"),
}


@dataclass(frozen=True)
class Outcome:
    """What is known after `done` of `total` resamples: a histogram, the difference seen, its 95% interval."""

    done: int
    total: int
    counts: np.ndarray
    edges: np.ndarray
    seen: float
    interval: tuple[float, float]


def resampled(question: Question, total: int, seed: int = 1) -> Iterator[Outcome]:
    """Outcomes after every step, the last one with all resamples. The same seed gives the same numbers."""
    random = np.random.default_rng(seed)
    blocks = [_block_sums(*question.numbers(city)) for city in CITIES]
    seen = float(
        np.diff([values.sum() / weights.sum() for values, weights in map(question.numbers, CITIES[::-1])])[0]
    )
    differences = np.empty(0)
    for done in range(STEP, total + STEP, STEP):
        starts = random.integers(len(blocks[0][0]), size=(STEP, len(DAYS) // 2 // BLOCK + 1))
        means = [values[starts].sum(axis=1) / weights[starts].sum(axis=1) for values, weights in blocks]
        differences = np.concatenate([differences, means[0] - means[1]])[:total]
        low, high = np.percentile(differences, [2.5, 97.5])
        if done == STEP:
            reach = 2.2 * max(abs(low - seen), abs(high - seen))
            edges = np.linspace(min(seen - reach, -0.1 * reach), max(seen + reach, 0.1 * reach), 46)
        counts, _ = np.histogram(differences, edges)
        yield Outcome(min(done, total), total, counts, edges, seen, (float(low), float(high)))


def _block_sums(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums of values and of weights over every block, by its first day."""
    window = np.ones(BLOCK)
    return np.convolve(values, window, "valid"), np.convolve(weights, window, "valid")
