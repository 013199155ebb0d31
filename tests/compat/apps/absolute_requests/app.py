from dash import Dash, html
from flask import Response, request

app = Dash(__name__)
app.layout = html.Pre(id="log")


@app.server.route("/data/<how>", methods=["GET", "POST"])
def data(how):
    return f"{how}:{request.get_data(as_text=True)}"


@app.server.route("/events")
def events():
    return Response("data: tick\n\n", mimetype="text/event-stream")
