from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute

PAGE = """<!doctype html><link rel="icon" href="data:,"><p id="log"></p>
<script>
  const address = new URL("ticks", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  socket.onmessage = (message) => { document.querySelector("#log").textContent += message.data; };
</script>"""


@asynccontextmanager
async def lifespan(app):
    app.state.word = "tick"
    yield


async def index(request):
    return HTMLResponse(PAGE)


async def ticks(websocket):
    await websocket.accept()
    for n in range(3):
        await websocket.send_text(f"{websocket.app.state.word}{n} ")
    await websocket.close()


app = Starlette(routes=[Route("/", index), WebSocketRoute("/ticks", ticks)], lifespan=lifespan)
