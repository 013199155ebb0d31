import dash
from dash import Dash, dcc, html

app = Dash(__name__, use_pages=True, pages_folder="")
dash.register_page("start", path="/", layout=html.H1("Start"))
dash.register_page("alike", path="/own_name_page", layout=html.H1("Named alike"))
dash.register_page("below", path="/own_name_page/below", layout=html.H1("Below"))
dash.register_page("year", path_template="/own_name_page/year/<year>", layout=lambda year=None: html.H1(year))
dash.register_page("other", path="/other", layout=html.H1("Other"))
pages = dash.page_registry.values()
app.layout = html.Div(
    [
        *(dcc.Link(page["name"], href=page["path"]) for page in pages),
        *(dcc.Link(f"{page['name']} too", href=page["relative_path"]) for page in pages),
        dcc.Link("2024", href="/own_name_page/year/2024"),
        dash.page_container,
    ]
)
