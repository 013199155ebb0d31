from dash import Dash, Input, Output, State, dcc, html, set_props

app = Dash(__name__, update_title=None)


def layout():
    return html.Div(
        [
            dcc.Interval(id="tick", interval=150, max_intervals=3),
            dcc.Store(id="memory", data=[]),
            dcc.Store(id="kept", storage_type="session"),
            html.P(id="shown"),
            html.P(id="side"),
        ]
    )


app.layout = layout


@app.callback(
    Output("memory", "data"), Input("tick", "n_intervals"), State("memory", "data"), prevent_initial_call=True
)
def remember(n, data):
    set_props("side", {"children": f"tick {n}"})
    return [*data, n]


@app.callback(Output("shown", "children"), Output("kept", "data"), Input("memory", "data"))
def show(data):
    return str(data), len(data)
