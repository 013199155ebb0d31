"""Where the marks of a plot go, in units of its SVG: the templates draw them, the style colours them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600.0, 120.0
GAP = 0.2  # of a bar's place


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, and what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars, or lines as the points of polylines; `top` is the value at the upper edge."""

    top: float
    bars: tuple[Bar, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    over: tuple[Bar, ...] = ()  # bars that stand before the others: a part of them


def bars(values: Sequence[float], titles: Sequence[str], parts: Sequence[float] = ()) -> Plot:
    """A bar for each value, and before it one for its part, as high as that part is of the value."""
    top = round_top(max(values, default=0))
    return Plot(top, _bars(values, titles, top), over=_bars(parts or [0.0] * len(values), titles, top))


def lines(*series: Sequence[float | None]) -> Plot:
    """A line for each series; it is broken where there is no value."""
    top = round_top(max((value for one in series for value in one if value is not None), default=0))
    return Plot(top, lines=tuple(_pieces(one, top) for one in series))


def round_top(highest: float) -> float:
    """The next round number that is not below."""
    if highest <= 1:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(highest))
    return next(step * unit for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * unit >= highest)


def _bars(values: Sequence[float], titles: Sequence[str], top: float) -> tuple[Bar, ...]:
    place = WIDTH / max(1, len(values))
    return tuple(
        Bar(
            round(number * place + place * GAP / 2, 2),
            round(HEIGHT - HEIGHT * value / top, 2),
            round(place * (1 - GAP), 2),
            round(max(HEIGHT * value / top, 1.0), 2),
            title,
        )
        for number, (value, title) in enumerate(zip(values, titles, strict=True))
        if value
    )


def _pieces(values: Sequence[float | None], top: float) -> tuple[str, ...]:
    """The points of each unbroken piece; a lone value is a short line."""
    place = WIDTH / max(1, len(values))
    pieces: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(((number + 0.5) * place, HEIGHT - HEIGHT * value / top))
    return tuple(_points(piece, place) for piece in pieces if piece)


def _points(piece: list[tuple[float, float]], place: float) -> str:
    if len(piece) == 1:
        x, y = piece[0]
        piece = [(x - place * 0.3, y), (x + place * 0.3, y)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in piece)
