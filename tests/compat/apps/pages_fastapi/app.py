import dash
from dash import Dash, dcc, html

app = Dash(__name__, backend="fastapi", use_pages=True, suppress_callback_exceptions=True)
app.layout = html.Div(
    [
        dcc.Location(id="where"),
        html.Div([dcc.Link(page["title"], href=page["path"]) for page in dash.page_registry.values()]),
        html.P(id="active"),
        dash.page_container,
    ]
)


@dash.callback(dash.Output("active", "children"), dash.Input("where", "pathname"))
def active(path):
    return next((page["title"] for page in dash.page_registry.values() if page["path"] == path), "nowhere")
