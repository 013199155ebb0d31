from dash import Dash, Input, Output, dcc, html
from flask import Flask, jsonify

server = Flask(__name__)


@server.route("/api/total")
def total():
    return jsonify(total=42)


dashboard = Dash(__name__, server=server)
dashboard.layout = html.Div(
    [dcc.Slider(0, 10, 1, value=3, id="n"), html.Output(id="square"), html.A("API", href="/api/total")]
)


@dashboard.callback(Output("square", "children"), Input("n", "value"))
def square(n):
    return str(n * n)


if __name__ == "__main__":
    server.run(port=8050)
