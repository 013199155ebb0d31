"""Days: the chosen days as a table that fetches what it shows, and as a file."""

from __future__ import annotations

import dash
import dash_ag_grid as grid
from dash import Input, Output, State, callback, dcc, html
from selection import checked, chosen_days
from weather import MEASURES

dash.register_page(__name__, path="/days", name="Days", title="Days · Rain or Shine", order=2)

COLUMNS = ["date", "city", "kind", *MEASURES]
DEFINITIONS = [
    {"field": "date", "headerName": "Date", "minWidth": 120},
    {"field": "city", "headerName": "City", "minWidth": 110},
    {"field": "kind", "headerName": "Weather", "minWidth": 100},
    *(
        {
            "field": key,
            "headerName": measure.title,
            "type": "rightAligned",
            "minWidth": 130,
            "valueFormatter": {"function": "params.value == null ? '' : d3.format('.1f')(params.value)"},
        }
        for key, measure in MEASURES.items()
    ),
]


def table() -> grid.AgGrid:
    """A table that asks for its rows, a hundred at a time."""
    return grid.AgGrid(
        id="days",
        columnDefs=DEFINITIONS,
        rowModelType="infinite",
        columnSize="responsiveSizeToFit",
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True},
        dashGridOptions={"cacheBlockSize": 100, "suppressCellFocus": True},
        style={"height": "100%"},
    )


layout = html.Div(
    [
        html.Div(
            [
                html.Div(
                    [html.H1("Day by day"), html.P("The chosen days. Click a column's head to sort by it.")]
                ),
                html.Button("Download as CSV", id="download", className="button"),
            ],
            className="intro with-action",
        ),
        html.Div(table(), id="table", className="card table"),
        dcc.Download(id="file"),
    ]
)


@callback(Output("table", "children"), Input("selection", "data"), prevent_initial_call=True)
def renew_table(_selection: dict) -> grid.AgGrid:
    """A new table for a new selection: it starts at the top, and forgets the rows it has fetched."""
    return table()


@callback(
    Output("days", "getRowsResponse"),
    Input("days", "getRowsRequest"),
    State("selection", "data"),
    prevent_initial_call=True,
)
def fetch_rows(request: dict | None, selection: dict) -> dict:
    """The rows between `startRow` and `endRow`, in the order that the table asks for."""
    if not request:
        raise dash.exceptions.PreventUpdate
    days = chosen_days(checked(selection))[COLUMNS]
    order = [sort for sort in request.get("sortModel") or [] if sort["colId"] in COLUMNS]
    if order:
        days = days.sort_values(
            [sort["colId"] for sort in order],
            ascending=[sort["sort"] == "asc" for sort in order],
            kind="stable",
        )
    page = days.iloc[request["startRow"] : request["endRow"]]
    rows = page.assign(date=page["date"].dt.strftime("%Y-%m-%d")).to_dict("records")
    return {"rowData": rows, "rowCount": len(days)}


@callback(
    Output("file", "data"),
    Input("download", "n_clicks"),
    State("selection", "data"),
    prevent_initial_call=True,
)
def download(_clicks: int, selection: dict) -> dict:
    """The chosen days as a file, with the data's own column names."""
    return dcc.send_data_frame(
        chosen_days(checked(selection))[COLUMNS].to_csv, "rain-or-shine.csv", index=False
    )
