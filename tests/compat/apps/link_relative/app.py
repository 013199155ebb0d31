import dash
from dash import Dash, Input, Output, dcc, html

app = Dash(__name__, suppress_callback_exceptions=True)
app.layout = html.Div(
    [
        dcc.Location(id="url"),
        dcc.Link("First", href=dash.get_relative_path("/first")),
        dcc.Link("Second", href=app.get_relative_path("/second")),
        html.Div(id="content"),
    ]
)


@app.callback(Output("content", "children"), Input("url", "pathname"))
def show(path):
    page = app.strip_relative_path(path)
    if not page:
        return "welcome"
    return f"the {page} page"
