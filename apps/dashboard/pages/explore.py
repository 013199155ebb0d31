"""Explore: any two measures of every day against each other, and the calendar of the days in the box."""

from __future__ import annotations

import dash
import figures
from cards import panel
from dash import Input, Output, State, callback, dcc, html
from selection import checked, chosen_days, cities
from weather import MEASURES

dash.register_page(__name__, path="/explore", name="Explore", title="Explore · Rain or Shine", order=1)

OPTIONS = [{"label": measure.name, "value": key} for key, measure in MEASURES.items()]


def choice(label: str, name: str, value: str) -> html.Div:
    """A dropdown with its label."""
    return html.Div(
        [
            html.Label(label, htmlFor=name),
            dcc.Dropdown(OPTIONS, value, id=name, clearable=False, searchable=False),
        ],
        className="choice",
    )


layout = html.Div(
    [
        html.Div(
            [
                html.H1("What goes with what?"),
                html.P("Drag a box around some days, and see when in the year they fall."),
            ],
            className="intro",
        ),
        html.Div(
            [
                panel(
                    "Every day a dot",
                    "drag a box to choose days",
                    "scatter",
                    "tall",
                    [
                        html.Div(
                            [choice("Across", "across", "low"), choice("Up", "up", "high")],
                            className="choices",
                        )
                    ],
                ),
                panel("How often", "share of the chosen days", "distribution", "tall"),
            ],
            className="row two-one",
        ),
        panel(
            "Four years, day by day",
            "each stripe is a day; what is not chosen is blank",
            "calendar",
            "calendar",
            [choice("Colour", "colour", "high")],
        ),
    ]
)


@callback(
    Output("scatter", "figure"),
    Output("distribution", "figure"),
    Input("selection", "data"),
    Input("across", "value"),
    Input("up", "value"),
)
def draw(selection: dict, across: str, up: str) -> tuple:
    """All days of the other filters as dots, and how often the chosen ones have which value."""
    selection = checked(selection)
    shown = cities(selection)
    dots = chosen_days(selection, but=("ranges",))
    return (
        figures.scatter(dots, shown, across, up, selection["ranges"]),
        figures.distribution(chosen_days(selection), shown, up),
    )


@callback(Output("calendar", "figure"), Input("selection", "data"), Input("colour", "value"))
def draw_calendar(selection: dict, colour: str) -> object:
    """The chosen days in the year."""
    selection = checked(selection)
    return figures.calendar(chosen_days(selection), cities(selection), colour)


@callback(
    Output("selection", "data", allow_duplicate=True),
    Output("scatter", "selectedData"),
    Input("scatter", "selectedData"),
    State("selection", "data"),
    State("across", "value"),
    State("up", "value"),
    prevent_initial_call=True,
)
def choose_ranges(box: dict | None, selection: dict, across: str, up: str) -> tuple:
    """A box around dots chooses a range of both measures."""
    if not box or "range" not in box:
        raise dash.exceptions.PreventUpdate
    bounds = {
        measure: sorted(round(value, 2) for value in box["range"][axis])
        for measure, axis in ((across, "x"), (up, "y"))
    }
    return checked(selection) | {"ranges": bounds}, None
