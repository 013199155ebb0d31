from dash import Dash, Input, Output, dcc, html
from flask import Flask, redirect, render_template_string, url_for

app = Flask(__name__)


def dashboard(name):
    board = Dash(__name__, server=app, url_base_pathname=f"/{name}/")
    board.layout = html.Div([dcc.Input(id="text", value=name), html.P(id="length"), html.A("Back", href="/")])

    @board.callback(Output("length", "children"), Input("text", "value"))
    def length(text):
        return f"{name}: {len(text)} letters"

    return board


sales = dashboard("sales")
stock = dashboard("stock")


@app.route("/")
def home():
    return render_template_string(
        '<h1>Boards</h1><a href="/sales/">Sales</a> <a href="{{ url_for("stock_board") }}">Stock</a>'
    )


@app.route("/go/stock")
def stock_board():
    return redirect("/stock/")


@app.route("/where")
def where():
    return url_for("home")
