from pathlib import Path

from dash import Dash, Input, Output, dcc, html
from flask import send_from_directory

HOME = "/own_name"

app = Dash(__name__)
app.layout = html.Div(
    [
        dcc.Location(id="url"),
        html.Img(src=f"{HOME}/pictures/dot.svg", id="dot"),
        html.Img(src=app.get_asset_url("dot.svg"), id="asset"),
        dcc.Link("Home", href=HOME),
        dcc.Link("North", href="/own_name/north"),
        html.A("South", href=f"{HOME}/south"),
        html.Button("Jump", id="jump"),
        html.H1(id="heading"),
    ]
)


@app.server.route(f"{HOME}/pictures/<name>")
def picture(name):
    return send_from_directory(Path("pictures").resolve(), name)


@app.callback(Output("heading", "children"), Input("url", "pathname"))
def show(pathname):
    pages = {HOME: "Home", "/own_name/north": "North", f"{HOME}/south": "South", "/": "Start"}
    return pages.get(pathname, f"404: {pathname}")


@app.callback(Output("url", "pathname"), Input("jump", "n_clicks"), prevent_initial_call=True)
def jump(_):
    return "/own_name/south"
