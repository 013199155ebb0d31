"""Building blocks of the pages: a panel with a plot, and a comparison of the cities."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from dash import dcc, html

EMPTY = {
    "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}, "paper_bgcolor": "rgba(0,0,0,0)"}
}
EMPTY["layout"]["plot_bgcolor"] = EMPTY["layout"]["paper_bgcolor"]


def panel(title: str, hint: str, graph: str, size: str = "", controls: Sequence = ()) -> html.Section:
    """A card with a heading, controls beside it, and one plot with that id."""
    heading = html.Div([html.H2(title), html.P(hint, className="hint")], className="words")
    return html.Section(
        [
            html.Div([heading, *controls], className="heading"),
            html.Div(
                dcc.Graph(id=graph, figure=EMPTY, responsive=True, config={"displayModeBar": False}),
                className=f"graph {size}",
            ),
        ],
        className="card",
    )


def comparison(title: str, unit: str, decimals: int, values: pd.Series, cities: Sequence[str]) -> html.Div:
    """A card with one number a city and a bar for each; a city without days has a dash."""
    largest = max((abs(values.get(city, 0)) for city in cities), default=0) or 1
    return html.Div(
        [html.H2(title), *(_line(city, values.get(city), unit, decimals, largest) for city in cities)],
        className="card comparison",
    )


def _line(city: str, value: float | None, unit: str, decimals: int, largest: float) -> html.Div:
    known = value is not None and not pd.isna(value)
    length = max(abs(value) / largest * 100, 1) if known else 0
    return html.Div(
        [
            html.Span(city, className="city"),
            html.Span([f"{value:.{decimals}f}", html.Small(f" {unit}")] if known else "–", className="value"),
            html.Span(
                html.Span(style={"width": f"{length:.0f}%"}, className=city.replace(" ", "-").lower()),
                className="track",
            ),
        ],
        className="line",
    )
