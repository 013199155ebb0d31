from dash import Dash, Input, Output, State, callback, ctx, dcc, html, no_update


@callback(
    Output("sum", "children"),
    Output("last", "children"),
    Input("add", "n_clicks"),
    Input("reset", "n_clicks"),
    State("n", "value"),
    State("sum", "children"),
    prevent_initial_call=True,
)
def change(_add, _reset, n, total):
    if ctx.triggered_id == "reset":
        return "0", "reset"
    if n is None:
        return no_update, "nothing to add"
    return str(int(total) + n), "add"


app = Dash(__name__)
app.layout = [
    dcc.Input(id="n", type="number", value=5),
    html.Button("Add", id="add"),
    html.Button("Reset", id="reset"),
    html.P("0", id="sum"),
    html.P(id="last"),
]
