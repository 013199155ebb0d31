from dash import Dash, Input, Output, State, dcc, html

app = Dash(__name__, suppress_callback_exceptions=True)
app.layout = html.Div(
    [
        dcc.Location(id="url", refresh="callback-nav"),
        html.Img(src="/assets/logo.svg", id="logo"),
        dcc.Link("Page 1", href="/page-1"),
        html.A("Page 2", href="/page-2"),
        dcc.Markdown("[Markdown](/page-1)"),
        html.Button("Jump", id="jump"),
        html.Button("Leave", id="leave"),
        html.Div(id="content"),
        html.P(id="link"),
    ]
)


@app.callback(Output("content", "children"), Input("url", "pathname"))
def show(pathname):
    if pathname == "/":
        return html.H1("Index")
    if pathname == "/page-1":
        return html.H1("The first page")
    if pathname in ["/page-2", "/page-2/"]:
        return html.H1("The second page")
    return html.H1(f"404: {pathname}")


@app.callback(
    Output("url", "pathname"), Input("jump", "n_clicks"), State("url", "pathname"), prevent_initial_call=True
)
def jump(_, pathname):
    return "/page-2" if pathname == "/page-1" else "/page-1"


@app.callback(Output("url", "href"), Input("leave", "n_clicks"), prevent_initial_call=True)
def leave(_):
    return "/page-2?from=leave"


@app.callback(Output("link", "children"), Input("url", "href"), Input("url", "search"))
def link(href, search):
    return href.split("/", 3)[3] + "|" + search
