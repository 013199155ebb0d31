import asyncio
import http
import sys

from websockets.asyncio.server import serve

PAGE = b"""<!doctype html><link rel="icon" href="data:,"><p id="echo"></p>
<script>
  const socket = new WebSocket(location.href.replace("http", "ws") + "socket");
  socket.onopen = () => socket.send("command");
  socket.onmessage = (message) => { document.querySelector("#echo").textContent = message.data; };
</script>"""


def page(connection, request):
    if not request.path.endswith("/socket"):
        response = connection.respond(http.HTTPStatus.OK, "")
        del response.headers["Content-Type"], response.headers["Content-Length"]
        response.headers["Content-Type"] = "text/html"
        response.headers["Content-Length"] = str(len(PAGE))
        response.body = PAGE
        return response
    return None


async def echo(connection):
    async for message in connection:
        await connection.send("echo of " + message)


async def main():
    async with serve(echo, "127.0.0.1", int(sys.argv[1]), process_request=page) as server:
        await server.serve_forever()


asyncio.run(main())
