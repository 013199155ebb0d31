from quart import Quart, render_template_string, request, url_for, websocket

app = Quart(__name__)

PAGE = """<!doctype html><link rel="icon" href="data:,">
<p id="root">{{ root }}</p><p id="echo"></p>
<script>
  const socket = new WebSocket("{{ socket }}");
  socket.onopen = () => socket.send("quart");
  socket.onmessage = (message) => {
    document.querySelector("#echo").textContent = message.data;
    socket.close();
  };
</script>"""


@app.route("/")
async def index():
    socket = url_for("echo", _external=True, _scheme="ws")
    return await render_template_string(PAGE, root=request.root_path + request.path, socket=socket)


@app.websocket("/echo")
async def echo():
    while True:
        await websocket.send("echo of " + await websocket.receive())
