from dash import Dash, Input, Output, dcc, html

app = Dash(__name__)
app.layout = html.Div(
    [
        dcc.Location(id="url"),
        html.A("Another app", href="/wsgi_plain/from/here"),
        html.A("Own page", href="/upload"),
        html.A("Sign in", href="/-/sign-in"),
        html.A("Far away", href="https://example.org/links_elsewhere/page", id="far"),
        html.A("Anchor", href="#below"),
        html.A("Relative", href="relative"),
        html.Button("Reload", id="reload"),
        html.P(id="path"),
    ]
)


@app.callback(Output("path", "children"), Input("url", "pathname"))
def path(value):
    pages = {"/": "index", "/upload": "my own uploads"}
    return pages.get(value, value)


@app.callback(Output("url", "pathname"), Input("reload", "n_clicks"), prevent_initial_call=True)
def reload(_):
    return "/reloaded"
