from fastapi import FastAPI, WebSocket
from fastapi.responses import HTMLResponse

from portico import current_user

app = FastAPI()

PAGE = """<link rel=icon href='data:,'><p id="http">{}</p><p id="socket"></p>
<script>
  const socket = new WebSocket(location.href.replace("http", "ws") + "socket");
  socket.onmessage = (message) => {{ document.querySelector("#socket").textContent = message.data; }};
</script>"""


@app.get("/", response_class=HTMLResponse)
async def index():
    return PAGE.format(current_user.email)


@app.websocket("/socket")
async def socket(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text(str(current_user.email))
