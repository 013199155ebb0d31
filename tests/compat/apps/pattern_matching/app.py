from dash import ALL, MATCH, Dash, Input, Output, Patch, State, callback, dcc, html

app = Dash(__name__)
app.layout = html.Div([html.Button("Add", id="add"), html.Div([], id="rows"), html.P(id="total")])


@callback(Output("rows", "children"), Input("add", "n_clicks"), prevent_initial_call=True)
def add(n):
    rows = Patch()
    rows.append(
        html.Div(
            [
                dcc.Input(id={"type": "value", "index": n}, type="number", value=n),
                html.Span(id={"type": "square", "index": n}, className="square"),
            ]
        )
    )
    return rows


@callback(
    Output({"type": "square", "index": MATCH}, "children"), Input({"type": "value", "index": MATCH}, "value")
)
def square(value):
    return str((value or 0) ** 2)


@callback(
    Output("total", "children"), Input({"type": "value", "index": ALL}, "value"), State("add", "n_clicks")
)
def total(values, clicks):
    return f"{sum(value or 0 for value in values)} in {clicks or 0}"
