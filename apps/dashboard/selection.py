"""What the visitor has chosen: plain values in the browser's store, and the days they stand for.

A selection has five keys: `cities`, `months` (1 to 12) and `kinds` are lists, and an empty one means "all";
`period` is a pair of ISO dates or None; `ranges` maps measures to a pair of bounds. Every plot reads it and
every plot may change it; that is the whole cross-filter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
from weather import CITIES, DAYS, KINDS, MEASURES, MONTHS

Selection = dict[str, Any]
EVERYTHING: Selection = {"cities": [], "months": [], "kinds": [], "period": None, "ranges": {}}
CHOICES = {"cities": CITIES, "months": tuple(range(1, 13)), "kinds": KINDS}


class Chip(NamedTuple):
    """One thing chosen, as the bar under the header shows it; removing it toggles `key` and `value`."""

    key: str
    value: str | int
    text: str


def checked(selection: Selection | None) -> Selection:
    """The selection with everything unknown left out: it comes from the browser, and from links."""
    given = selection if isinstance(selection, dict) else {}
    clean: Selection = {
        key: [value for value in choices if value in _list(given.get(key))]
        for key, choices in CHOICES.items()
    }
    clean["period"] = _period(given.get("period"))
    ranges = given.get("ranges")
    clean["ranges"] = {
        key: pair
        for key, pair in (ranges if isinstance(ranges, dict) else {}).items()
        if key in MEASURES and _is_pair(pair)
    }
    return clean


def toggled(selection: Selection, key: str, value: str | int) -> Selection:
    """The selection with that value added where it was missing, or removed where it was."""
    if key == "period":
        return selection | {"period": None}
    if key == "ranges":
        return selection | {
            "ranges": {name: pair for name, pair in selection["ranges"].items() if name != value}
        }
    chosen = set(selection[key]) ^ {value}
    every = [choice for choice in CHOICES[key] if choice in chosen]
    return selection | {key: [] if len(every) == len(CHOICES[key]) else every}


def cities(selection: Selection) -> list[str]:
    """The cities to show: never none."""
    return selection["cities"] or list(CITIES)


def chosen_days(selection: Selection, but: tuple[str, ...] = ()) -> pd.DataFrame:
    """The days of the selection. A plot leaves out (`but`) what is chosen in itself, to show its context."""
    keep = pd.Series(True, index=DAYS.index)
    for key, column in (("cities", "city"), ("months", "month"), ("kinds", "kind")):
        if selection[key] and key not in but:
            keep &= DAYS[column].isin(selection[key])
    if selection["period"] and "period" not in but:
        keep &= DAYS["date"].between(*map(pd.Timestamp, selection["period"]))
    if "ranges" not in but:
        for measure, (low, high) in selection["ranges"].items():
            keep &= DAYS[measure].between(low, high)
    return DAYS[keep]


def chips(selection: Selection) -> list[Chip]:
    """Everything chosen but the cities, in words."""
    found = []
    if selection["period"]:
        first, last = map(pd.Timestamp, selection["period"])
        found.append(Chip("period", "", f"{first.day} {first:%b %Y} – {last.day} {last:%b %Y}"))
    found += [Chip("months", month, MONTHS[month - 1]) for month in selection["months"]]
    found += [Chip("kinds", kind, kind) for kind in selection["kinds"]]
    for key, (low, high) in selection["ranges"].items():
        measure = MEASURES[key]
        found.append(Chip("ranges", key, f"{measure.name} {low:.1f} – {high:.1f} {measure.unit}"))
    return found


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(bound) in (int, float) for bound in value)


def _period(value: object) -> list[str] | None:
    if not (isinstance(value, list) and len(value) == 2):
        return None
    days = pd.to_datetime(pd.Series(map(str, value)), errors="coerce", format="ISO8601").dt.strftime(
        "%Y-%m-%d"
    )
    return None if days.isna().any() else sorted(days)
