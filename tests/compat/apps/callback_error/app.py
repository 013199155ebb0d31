from dash import Dash, Input, Output, dcc, html
from dash.exceptions import PreventUpdate

app = Dash(__name__)
app.layout = html.Div([dcc.Input(id="n", value="2"), html.P("untouched", id="inverse"), html.P(id="echo")])


@app.callback(Output("inverse", "children"), Input("n", "value"))
def inverse(n):
    if not n:
        raise PreventUpdate
    return str(1 / int(n))


@app.callback(Output("echo", "children"), Input("n", "value"))
def echo(n):
    return f"n = {n}"
