from dash import Dash, html
from flask import Flask, redirect, request, session

server = Flask(__name__)
server.secret_key = "for a test only"
app = Dash(__name__, server=server)
app.layout = html.H1("Members only")

PAGE = '<link rel="icon" href="data:,"><form method="post" action="/login"><button>Enter</button></form>'


@server.before_request
def guard():
    if request.path != "/login" and "member" not in session:
        return redirect("/login")
    return None


@server.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return PAGE
    session["member"] = True
    return redirect("/")
