from dash import Dash, Input, Output, dcc, html
from flask import Flask, current_app, redirect, request, session


def members_only(view):
    def guarded(*args, **kwargs):
        if "member" not in session:
            return redirect("/door")
        return current_app.ensure_sync(view)(*args, **kwargs)

    return guarded


def add_board(server):
    board = Dash(__name__, server=server, url_base_pathname="/board/")
    board.layout = html.Div(
        [dcc.Input(id="word", value="abc"), html.P(id="back"), html.A("Out", href="/out")]
    )
    board.callback(Output("back", "children"), Input("word", "value"))(lambda word: word[::-1])
    for name in server.view_functions:
        if name.startswith(board.config.url_base_pathname):
            server.view_functions[name] = members_only(server.view_functions[name])


def create_app():
    server = Flask(__name__)
    server.secret_key = "for a test only"
    add_board(server)

    @server.route("/door", methods=["GET", "POST"])
    def door():
        if request.method == "GET":
            return '<link rel="icon" href="data:,"><form method="post"><button>Enter</button></form>'
        session["member"] = True
        return redirect("/board/")

    @server.route("/out")
    def out():
        session.clear()
        return redirect("/board/_dash-layout")

    return server
