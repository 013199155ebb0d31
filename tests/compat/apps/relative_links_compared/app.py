import dash
from dash import Dash, Input, Output, callback, dcc, html

app = Dash(__name__, use_pages=True, pages_folder="")
dash.register_page("home", path="/", layout=html.H1("Home"))
dash.register_page("reports", path="/reports", layout=html.H1("Reports"))
app.layout = html.Div(
    [
        dcc.Location(id="place"),
        *(dcc.Link(page["name"], href=page["relative_path"]) for page in dash.page_registry.values()),
        html.P(id="said"),
        dash.page_container,
    ]
)


@callback(Output("said", "children"), Input("place", "pathname"))
def say(pathname):
    if pathname == "/":
        return "You are at home"
    return "These are reports" if pathname in ("/reports", "/reports/") else f"Lost at {pathname}"
