"""Overview: four comparisons, and three plots that filter each other and them."""

from __future__ import annotations

import dash
import figures
import pandas as pd
from cards import comparison, panel
from dash import Input, Output, State, callback, html
from selection import checked, chosen_days, cities, toggled
from weather import WET

dash.register_page(__name__, path="/", name="Overview", title="Rain or Shine", order=0)

layout = html.Div(
    [
        html.Div(
            [
                html.H1("Does it rain more in Seattle, or just more often?"),
                html.P(
                    "Every day from 2012 to 2015 in two cities. Drag across the temperatures, click a month "
                    "or a kind of weather: everything follows."
                ),
            ],
            className="intro",
        ),
        html.Div(id="comparisons", className="row four"),
        panel(
            "Temperature",
            "from lows to highs, two weeks a point; drag to choose a period",
            "temperature",
            "tall",
        ),
        html.Div(
            [
                panel("Rain and snow", "in an average month; click one", "rain-by-month"),
                panel("Kinds of day", "share of all days; click one", "kinds-of-day"),
            ],
            className="row two",
        ),
    ]
)


@callback(
    Output("comparisons", "children"),
    Output("temperature", "figure"),
    Output("rain-by-month", "figure"),
    Output("kinds-of-day", "figure"),
    Input("selection", "data"),
)
def draw(selection: dict) -> tuple:
    """Each plot shows the selection without its own part, and marks that."""
    selection = checked(selection)
    shown = cities(selection)
    without_months = chosen_days(selection, but=("months",))
    years = chosen_days(selection, but=("months", "kinds", "ranges"))["year"].nunique()
    return (
        compared(chosen_days(selection), shown),
        figures.temperature(chosen_days(selection, but=("period",)), shown, selection["period"]),
        figures.rain_by_month(without_months, shown, years, selection["months"]),
        figures.kinds_of_day(chosen_days(selection, but=("kinds",)), shown, selection["kinds"]),
    )


def compared(days: pd.DataFrame, shown: list[str]) -> list[html.Div]:
    """Four numbers for each city."""
    wet = days[days["rain"] >= WET]
    by_city, wet_by_city = days.groupby("city"), wet.groupby("city")
    wet_share = 100 * wet_by_city.size().reindex(by_city.groups, fill_value=0) / by_city.size()
    return [
        comparison("Rain a day", "mm", 1, by_city["rain"].mean(), shown),
        comparison("Wet days", "%", 0, wet_share, shown),
        comparison("Rain on a wet day", "mm", 1, wet_by_city["rain"].mean(), shown),
        comparison("Average high", "°C", 1, by_city["high"].mean(), shown),
    ]


@callback(
    Output("selection", "data", allow_duplicate=True),
    Output("temperature", "selectedData"),
    Input("temperature", "selectedData"),
    State("selection", "data"),
    prevent_initial_call=True,
)
def choose_period(box: dict | None, selection: dict) -> tuple:
    """A box drawn across the temperatures chooses a period."""
    if not box or "range" not in box:
        raise dash.exceptions.PreventUpdate
    period = [day[:10] for day in sorted(box["range"]["x"])]
    return checked(selection) | {"period": period}, None


@callback(
    Output("selection", "data", allow_duplicate=True),
    Output("rain-by-month", "clickData"),
    Input("rain-by-month", "clickData"),
    State("selection", "data"),
    prevent_initial_call=True,
)
def choose_month(click: dict | None, selection: dict) -> tuple:
    """A click on a month chooses it, or gives it up again."""
    if not click:
        raise dash.exceptions.PreventUpdate
    return toggled(checked(selection), "months", click["points"][0]["pointNumber"] + 1), None


@callback(
    Output("selection", "data", allow_duplicate=True),
    Output("kinds-of-day", "clickData"),
    Input("kinds-of-day", "clickData"),
    State("selection", "data"),
    prevent_initial_call=True,
)
def choose_kind(click: dict | None, selection: dict) -> tuple:
    """A click on a kind of weather chooses it, or gives it up again."""
    if not click:
        raise dash.exceptions.PreventUpdate
    return toggled(checked(selection), "kinds", figures.KINDS[click["points"][0]["curveNumber"]]), None
