"""The plots: each takes days and gives a Plotly figure. The text gets its colour in assets/dashboard.css."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from weather import CITIES, DAYS, FIRST, KINDS, LAST, MEASURES, MONTHS

CITY_COLOURS = {"Seattle": "#1d9a94", "New York": "#e8743b"}
KIND_COLOURS = {
    "sun": "#f2b632",
    "fog": "#9aa5b1",
    "drizzle": "#93cbe6",
    "rain": "#5f9fdc",
    "snow": "#b7b3e0",
}
COLD_TO_HOT = ["#2c5aa0", "#5fa3cf", "#a8d5d8", "#f4e3b1", "#f0a35e", "#d9533b", "#8e1f3a"]
DRY_TO_WET = ["#f1ead8", "#a9d3d6", "#5aa4c9", "#2f6cb0", "#213f7e", "#16235a"]
FADED = 0.25

_AXIS = {"gridcolor": "rgba(128,142,158,0.18)", "zeroline": False, "automargin": True, "fixedrange": True}
_AXIS["title"] = {"font": {"size": 12.5}}

pio.templates["rain-or-shine"] = go.layout.Template(
    layout={
        "font": {"family": "system-ui, sans-serif", "size": 12.5, "color": "#6b7a89"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hoverlabel": {
            "bgcolor": "#1c2733",
            "bordercolor": "#1c2733",
            "font": {"color": "#fff", "size": 12.5},
        },
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "bargap": 0.28,
        "bargroupgap": 0.08,
        "barcornerradius": 4,
    }
)
pio.templates.default = "rain-or-shine"


def temperature(days: pd.DataFrame, cities: Sequence[str], period: Sequence[str] | None) -> go.Figure:
    """A band from average low to average high of every fortnight; the line is the mean of the chosen days."""
    figure = go.Figure()
    for city in cities:
        colour = CITY_COLOURS[city]
        mean = _fortnightly(DAYS[DAYS["city"] == city])
        band = {"x": mean.index, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(y=mean["low"].round(1), **band)
        figure.add_scatter(y=mean["high"].round(1), fill="tonexty", fillcolor=_faint(colour), **band)
        mean = _fortnightly(days[days["city"] == city])
        figure.add_scatter(
            x=mean.index,
            y=((mean["low"] + mean["high"]) / 2).round(1),
            customdata=mean[["low", "high"]].round(1),
            name=city,
            mode="lines",
            line={"color": colour, "width": 2.2, "shape": "spline", "smoothing": 0.6},
            hovertemplate=f"<b>{city}</b>, two weeks from %{{x|%-d %b %Y}}<br>%{{customdata[0]}} to "
            "%{customdata[1]} °C<extra></extra>",
        )
    figure.update_layout(dragmode="select", selectdirection="h", yaxis_ticksuffix="°", hovermode="closest")
    figure.update_layout(newselection_line={"color": "#808e9e", "width": 1, "dash": "dot"})
    if period:
        first, last = period
        for start, end in ((FIRST, first), (last, LAST)):
            figure.add_vrect(x0=start, x1=end, fillcolor="#808e9e", opacity=0.16, line_width=0)
    return figure


def rain_by_month(days: pd.DataFrame, cities: Sequence[str], years: int, chosen: Sequence[int]) -> go.Figure:
    """Precipitation of an average month, a bar a city; months that are not chosen are faded."""
    sums = days.groupby(["city", "month"])["rain"].sum() / max(years, 1)
    opacity = [1 if not chosen or month in chosen else FADED for month in range(1, 13)]
    figure = go.Figure()
    for city in cities:
        figure.add_bar(
            x=MONTHS,
            y=[round(float(sums.get((city, month), 0)), 1) for month in range(1, 13)],
            name=city,
            marker={"color": CITY_COLOURS[city], "opacity": opacity},
            hovertemplate=f"<b>{city}</b>, %{{x}}<br>%{{y:.0f}} mm<extra></extra>",
        )
    return figure.update_layout(yaxis={"ticksuffix": " mm", "nticks": 5, "rangemode": "tozero"})


def kinds_of_day(days: pd.DataFrame, cities: Sequence[str], chosen: Sequence[str]) -> go.Figure:
    """Share of each kind of weather, one bar a city; kinds that are not chosen are faded."""
    shares = days.groupby("city")["kind"].value_counts(normalize=True)
    figure = go.Figure()
    for kind in KINDS:
        share = [float(shares.get((city, kind), 0)) for city in cities]
        figure.add_bar(
            y=cities,
            x=[round(value, 4) for value in share],
            name=kind,
            orientation="h",
            marker={"color": KIND_COLOURS[kind], "opacity": 1 if not chosen or kind in chosen else FADED},
            text=[f"{kind} {value:.0%}" if value >= 0.12 else "" for value in share],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate=f"<b>%{{y}}</b><br>{kind} on %{{x:.0%}} of the days<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_xaxes(visible=False, range=[0, 1])
    return figure.update_yaxes(autorange="reversed", showgrid=False, ticklabelstandoff=8)


def scatter(
    days: pd.DataFrame, cities: Sequence[str], x: str, y: str, ranges: dict[str, list[float]]
) -> go.Figure:
    """Every day a dot; the box is what is chosen."""
    figure = go.Figure()
    for city in cities:
        of_city = days[days["city"] == city]
        figure.add_scatter(
            x=of_city[x].astype("float32"),
            y=of_city[y].astype("float32"),
            customdata=of_city["date"].dt.strftime("%-d %b %Y"),
            mode="markers",
            name=city,
            marker={"color": CITY_COLOURS[city], "size": 5, "opacity": 0.5},
            unselected={"marker": {"opacity": 0.5}},
            hovertemplate=f"<b>{city}</b>, %{{customdata}}<br>%{{x:.1f}} {MEASURES[x].unit}, "
            f"%{{y:.1f}} {MEASURES[y].unit}<extra></extra>",
        )
    figure.update_layout(dragmode="select", hovermode="closest")
    figure.update_xaxes(title_text=MEASURES[x].title)
    figure.update_yaxes(title_text=MEASURES[y].title)
    if x in ranges and y in ranges:
        (x0, x1), (y0, y1) = ranges[x], ranges[y]
        figure.add_shape(
            type="rect", x0=x0, x1=x1, y0=y0, y1=y1, fillcolor="#808e9e", opacity=0.18, line_color="#808e9e"
        )
    return figure


def distribution(days: pd.DataFrame, cities: Sequence[str], measure: str) -> go.Figure:
    """How often each value occurs, as a share of the city's chosen days."""
    edges = np.linspace(DAYS[measure].min(), DAYS[measure].max(), 33)
    figure = go.Figure()
    for city in cities:
        values = days.loc[days["city"] == city, measure]
        counts, _ = np.histogram(values, edges)
        figure.add_bar(
            x=((edges[1:] + edges[:-1]) / 2).round(2),
            y=(counts / max(len(values), 1)).round(4),
            name=city,
            marker={"color": CITY_COLOURS[city], "opacity": 0.65},
            hovertemplate=f"<b>{city}</b><br>%{{y:.1%}} of the days around %{{x:.1f}} "
            f"{MEASURES[measure].unit}<extra></extra>",
        )
    figure.update_layout(barmode="overlay", bargap=0.06, barcornerradius=2, yaxis_tickformat=".0%")
    return figure.update_xaxes(title_text=MEASURES[measure].title)


def calendar(days: pd.DataFrame, cities: Sequence[str], measure: str) -> go.Figure:
    """Every chosen day a stripe in its colour, one row a city and year; other days stay blank."""
    rows = [(city, year) for city in reversed(cities) for year in range(2015, 2011, -1)]
    table = days.assign(day=days["date"].dt.strftime("2012-%m-%d")).pivot_table(
        index=["city", "year"], columns="day", values=measure
    )
    every_day = pd.date_range("2012-01-01", "2012-12-31").strftime("%Y-%m-%d")
    table = table.reindex(index=pd.MultiIndex.from_tuples(rows), columns=every_day)
    figure = go.Figure()
    figure.add_heatmap(
        x=every_day,
        y=[f"{city} {year}" for city, year in rows],
        z=table.to_numpy(dtype="float32"),
        zmin=0 if measure in ("rain", "wind") else -10,
        zmax={"rain": 30, "wind": 10}.get(measure, 35),
        colorscale=DRY_TO_WET if measure in ("rain", "wind") else COLD_TO_HOT,
        ygap=3,
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "ticksuffix": f" {MEASURES[measure].unit}",
            "len": 0.95,
        },
        hovertemplate=f"<b>%{{y}}</b>, %{{x|%-d %b}}<br>%{{z:.1f}} {MEASURES[measure].unit}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_xaxes(tickformat="%b", dtick="M1", ticklabelmode="period", ticks="", showgrid=False)
    return figure.update_yaxes(ticks="", showgrid=False, ticklabelstandoff=6)


def bootstrap(counts: np.ndarray, edges: np.ndarray, interval: tuple[float, float], unit: str) -> go.Figure:
    """The differences that resampling found, as a histogram; those within the interval are dark."""
    middle = (edges[1:] + edges[:-1]) / 2
    inside = (middle >= interval[0]) & (middle <= interval[1])
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=counts / max(counts.sum(), 1),
        marker={"color": ["#1d9a94" if dark else "rgba(29,154,148,0.3)" for dark in inside]},
        hovertemplate=f"%{{x:.2f}} {unit}: %{{y:.1%}}<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": "#e8743b", "width": 2, "dash": "dot"})
    figure.update_layout(bargap=0.04, barcornerradius=2, yaxis_visible=False)
    return figure.update_xaxes(
        title_text=f"{CITIES[0]} minus {CITIES[1]} ({unit})", range=[edges[0], edges[-1]]
    )


def _fortnightly(days: pd.DataFrame) -> pd.DataFrame:
    """Means of low and high for 14 days each; 14 days without a chosen one are a gap."""
    return days.resample("14D", on="date", origin=FIRST)[["low", "high"]].mean()


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"
