from dash import Dash, Input, Output, dcc, html
from flask import Flask

dash_app = Dash(__name__, server=False, url_base_pathname="/board/")
dash_app.layout = html.Div([dcc.RadioItems(["a", "b"], "a", id="choice"), html.P(id="chosen")])


@dash_app.callback(Output("chosen", "children"), Input("choice", "value"))
def chosen(value):
    return f"chosen: {value}"


def create_app():
    app = Flask(__name__)
    dash_app.init_app(app)

    @app.get("/")
    def home():
        return '<a href="/board/">Board</a>'

    return app
