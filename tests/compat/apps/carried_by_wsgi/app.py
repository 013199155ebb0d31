from dash import Dash, Input, Output, dcc, html
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

site = Flask(__name__)


@site.route("/")
def index():
    return '<link rel="icon" href="data:,"><h1>Boards</h1><a href="/north/">North</a> <a href="/south/">South</a>'


def board(name):
    made = Dash(name, requests_pathname_prefix=f"/{name}/", assets_folder="assets")
    made.layout = html.Div(
        [
            html.Img(src=made.get_asset_url("dot.svg")),
            dcc.Input(id="word", value=name),
            html.P(id="back"),
            html.A("All", href="/"),
        ]
    )
    made.callback(Output("back", "children"), Input("word", "value"))(lambda word: word[::-1])
    return made.server


application = DispatcherMiddleware(site, {"/north": board("north"), "/south": board("south")})
