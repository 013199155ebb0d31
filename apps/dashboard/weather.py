"""The data: every day of four years in two cities. See data/README.md for source and licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

FILE = Path(__file__).parent / "data" / "weather.csv"

CITIES = ("Seattle", "New York")
KINDS = ("sun", "fog", "drizzle", "rain", "snow")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WET = 1.0  # a wet day has at least this many millimetres, by the usual definition in climatology


@dataclass(frozen=True)
class Measure:
    """One measured column: what to call it, its unit, and how many decimals are worth showing."""

    name: str
    unit: str
    decimals: int

    @property
    def title(self) -> str:
        return f"{self.name} ({self.unit})"


MEASURES = {
    "high": Measure("Daily high", "°C", 1),
    "low": Measure("Daily low", "°C", 1),
    "rain": Measure("Precipitation", "mm", 1),
    "wind": Measure("Wind", "m/s", 1),
}


def read(file: Path = FILE) -> pd.DataFrame:
    """All days, a row each: city, date, rain (mm), high and low (°C), wind (m/s), kind, month, year."""
    days = pd.read_csv(file, parse_dates=["date"]).rename(
        columns={
            "location": "city",
            "precipitation": "rain",
            "temp_max": "high",
            "temp_min": "low",
            "weather": "kind",
        }
    )
    days["month"] = days["date"].dt.month
    days["year"] = days["date"].dt.year
    return days


DAYS = read()
FIRST, LAST = DAYS["date"].min(), DAYS["date"].max()
