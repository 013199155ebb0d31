"""What stands around every page: header, navigation, and the bar that shows the selection and clears it."""

from __future__ import annotations

import dash
from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, ctx, dcc, html
from selection import EVERYTHING, checked, chips, chosen_days, cities, toggled
from weather import CITIES, DAYS

try:  # the one line that is Portico's; without Portico the dashboard is simply nobody's in particular
    from portico import current_user
except ImportError:
    current_user = None


def layout() -> html.Div:
    """The whole document; nobody's name is in it, for Dash shows one and the same layout to all visitors."""
    return html.Div(
        [
            dcc.Location(id="address", refresh=False),
            dcc.Store(id="selection"),
            html.A("Skip to the content", href="#content", className="skip"),
            html.Header(
                html.Div(
                    [
                        dcc.Link(
                            [html.Span(className="mark"), "Rain or Shine"],
                            href=dash.get_relative_path("/"),
                            className="brand",
                        ),
                        html.Nav(
                            [
                                dcc.Link(page["name"], href=page["relative_path"], className="tab")
                                for page in dash.page_registry.values()
                            ],
                            **{"aria-label": "Pages"},
                        ),
                        html.Div(id="person", className="person"),
                    ],
                    className="inner",
                ),
                className="top",
            ),
            html.Div(html.Div(id="bar", className="inner"), className="bar"),
            html.Main(dash.page_container, id="content", className="inner"),
        ]
    )


@callback(Output("person", "children"), Input("person", "id"))
def show_person(_id: str) -> list:
    """The signed-in person, where there is one: asked for once a visit."""
    if not current_user or not current_user.is_authenticated:
        return []
    name = current_user.name or current_user.email
    initials = "".join(word[0] for word in name.split()[:2]).upper()
    return [
        html.Span(initials, className="initials", **{"aria-hidden": "true"}),
        html.Span(name, className="name"),
    ]


@callback(Output("bar", "children"), Input("selection", "data"))
def show_selection(selection: dict) -> list:
    """The cities as switches, everything else that is chosen as chips, and how many days that leaves."""
    selection = checked(selection)
    shown = cities(selection)
    found = chips(selection)
    count = len(chosen_days(selection))
    switches = [
        html.Button(
            [html.Span(className=f"dot {city.replace(' ', '-').lower()}"), city],
            id={"type": "toggle", "key": "cities", "value": city},
            className="switch",
            **{"aria-pressed": "true" if city in shown else "false"},
        )
        for city in CITIES
    ]
    removable = [
        html.Button(
            [chip.text, html.Span("×", **{"aria-hidden": "true"})],
            id={"type": "toggle", "key": chip.key, "value": chip.value},
            className="chip",
            title="Remove this filter",
        )
        for chip in found
    ]
    clear = html.Button("Clear", id={"type": "toggle", "key": "all", "value": ""}, className="clear")
    words = f"{count:,} of {len(DAYS):,} days"
    return [
        *switches,
        *removable,
        *([clear] if found else []),
        html.Span(words, className="count", role="status"),
    ]


@callback(
    Output("selection", "data", allow_duplicate=True),
    Input({"type": "toggle", "key": ALL, "value": ALL}, "n_clicks"),
    State("selection", "data"),
    prevent_initial_call=True,
)
def change_selection(clicks: list, selection: dict) -> dict:
    """A click on a switch or a chip. New buttons call this, too, with no click yet."""
    if not any(clicks) or not ctx.triggered_id:
        raise dash.exceptions.PreventUpdate
    selection = checked(selection)
    key, value = ctx.triggered_id["key"], ctx.triggered_id["value"]
    if key == "all":
        return EVERYTHING | {"cities": selection["cities"]}
    if key == "cities":  # with both shown, a click on one leaves the other
        return selection | {"cities": _switched(cities(selection), value)}
    return toggled(selection, key, value)


def _switched(shown: list[str], city: str) -> list[str]:
    left = [name for name in CITIES if (name in shown) != (name == city)]
    return [] if len(left) in (0, len(CITIES)) else left


# The selection lives in the address, so that a view can be sent as a link (assets/shell.js).
clientside_callback(
    ClientsideFunction("shell", "read"),
    Output("selection", "data"),
    Input("address", "search"),
    State("selection", "data"),
)
clientside_callback(
    ClientsideFunction("shell", "write"),
    Input("selection", "data"),
    Input("address", "pathname"),
)
