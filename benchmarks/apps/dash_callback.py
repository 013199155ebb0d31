"""A small Dash app: one callback, the request of the benchmark."""

from dash import Dash, Input, Output, callback, dcc, html

app = Dash(__name__)
server = app.server
app.layout = html.Div([dcc.Input(id="number", value=1, type="number"), html.Div(id="square")])


@callback(Output("square", "children"), Input("number", "value"))
def square(number):
    """The square of the number typed."""
    return f"{number} squared is {(number or 0) ** 2}"
