from flask import Flask
from flask_sock import Sock

from portico import current_user

app = Flask(__name__)
sock = Sock(app)

PAGE = """<!doctype html>
<link rel="icon" href="data:,">
<p id="said"></p>
<script>
  const socket = new WebSocket("ws://" + location.host + "/echo");
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => { document.querySelector("#said").textContent = data; };
</script>
"""


@app.get("/")
def index():
    return PAGE


@app.post("/upload")
def upload():
    from flask import request

    return str(len(request.get_data()))


@sock.route("/echo")
def echo(ws):
    while True:
        ws.send(f"{ws.receive()} from {current_user.email or 'nobody'}")
