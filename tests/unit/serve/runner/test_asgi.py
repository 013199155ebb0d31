"""What ASGI code sees of a request that came through the front; WebSockets and lifespans."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import unix_connect as connect_now

FASTAPI = """
import asyncio, pathlib
from contextlib import asynccontextmanager
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from portico import current_user

@asynccontextmanager
async def lifespan(app):
    print("started", flush=True)
    yield {"made": "at start"}
    print("stopped", flush=True)

app = FastAPI(lifespan=lifespan)

@app.get("/")
def index(request: Request):
    return {
        "url": str(request.url), "base": str(request.base_url), "mine": str(request.url_for("who")),
        "client": request.client.host if request.client else None, "state": request.state.made,
    }

@app.get("/who")
async def who():
    return f"{current_user.name}|{current_user.email}|{sorted(current_user.roles)}"

@app.get("/who-in-a-thread")
def who_in_a_thread():
    return f"{current_user.name}|{current_user.email}|{sorted(current_user.roles)}"

@app.get("/scope/{rest:path}")
async def scope(request: Request, rest: str):
    return {"path": request.scope["path"], "root": request.scope["root_path"], "rest": rest,
            "headers": [name.decode() for name, _ in request.scope["headers"]]}

@app.get("/stream")
async def stream():
    async def words():
        yield current_user.name
        patience = 500
        while patience and not pathlib.Path("go-on").exists():
            patience -= 1
            await asyncio.sleep(0.02)
        yield "!" if patience else "nobody saw the first word"
    return StreamingResponse(words())

@app.get("/broken")
async def broken():
    return 1 / 0

@app.post("/upload")
async def upload(request: Request):
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
    return total

@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    await socket.send_text(f"{current_user.name}|{socket.url}")
    async for text in socket.iter_text():
        if text == "break":
            1 / 0
        await socket.send_text(text.upper())
"""

FRONT = {
    "X_Portico_Prefix": "/sales",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_For": "198.51.100.7",
    "Host": "apps.example.org",
}


@pytest.fixture
def fastapi_app(start: Any, write: Any) -> Any:
    write("app.py", FASTAPI)
    worker = start("app.py", prefix="/sales")
    worker.ready()
    return worker


def websocket(worker: Any, path: str = "/ws", **headers: str) -> Any:
    """An open WebSocket to the worker."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    host = named.pop("Host", "site.test")
    return connect_now(worker.socket_path, f"ws://{host}{path}", additional_headers=named)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until that is so; fail when it takes longer than five seconds."""
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_app_under_a_prefix_makes_right_urls(fastapi_app: Any) -> None:
    assert fastapi_app.get("/sales/", **FRONT).json == {
        "url": "https://apps.example.org/sales/",
        "base": "https://apps.example.org/sales/",
        "mine": "https://apps.example.org/sales/who",
        "client": "198.51.100.7",
        "state": "at start",
    }
    scope = fastapi_app.get("/sales/scope/a%2Fb/caf%C3%A9", **FRONT).json
    assert scope["path"] == "/sales/scope/a/b/café"
    assert scope["root"] == "/sales"
    assert scope["rest"] == "a/b/café"
    assert "/sales/openapi.json" in fastapi_app.get("/sales/docs", **FRONT).text
    assert fastapi_app.get("/salesforce", **FRONT).status == 404


@pytest.mark.parametrize("path", ["/who", "/who-in-a-thread"])
def test_the_person_is_current_user_in_coroutines_and_threads(
    fastapi_app: Any, signer: Any, path: str
) -> None:
    token = signer.token()
    assert fastapi_app.get(path, X_Portico_Identity=token).json == "Ada|ada@example.org|['admin', 'analyst']"
    assert fastapi_app.get(path).json == "||[]"
    assert fastapi_app.get(path, X_Portico_Identity=token + "x").json == "||[]"


def test_claims_of_a_client_do_not_reach_the_app(fastapi_app: Any) -> None:
    headers = fastapi_app.get("/scope/x", Remote_User="admin", X_Remote_User="admin", X_Other="1").json[
        "headers"
    ]
    assert "x-other" in headers
    assert not [name for name in headers if "remote" in name]


def test_a_stream_is_sent_as_it_is_made(fastapi_app: Any, signer: Any, write: Any) -> None:
    connection = fastapi_app.connect()
    connection.request("GET", "/stream", headers={"X-Portico-Identity": signer.token()})
    response = connection.getresponse()
    assert response.read(3) == b"Ada"
    write("go-on", "")
    assert response.read() == b"!"
    connection.close()


def test_an_error_is_a_plain_500_and_its_traceback_is_in_the_log_once(fastapi_app: Any) -> None:
    answer = fastapi_app.get("/broken")
    assert (answer.status, "ZeroDivisionError" in answer.text) == (500, False)
    wait_until(lambda: fastapi_app.stats[1] == 0)
    assert fastapi_app.output.count("ZeroDivisionError: division by zero") == 1


def test_an_upload_is_passed_on_in_parts(fastapi_app: Any) -> None:
    assert fastapi_app.get("/upload", "POST", bytes(5_000_000)).json == 5_000_000


def test_a_websocket_knows_the_person_and_its_address(fastapi_app: Any, signer: Any) -> None:
    with websocket(fastapi_app, "/sales/ws", X_Portico_Identity=signer.token(), **FRONT) as socket:
        assert socket.recv() == "Ada|wss://apps.example.org/sales/ws"
        socket.send("hello")
        assert socket.recv() == "HELLO"
        assert fastapi_app.stats[:2] == (1, 1)
    wait_until(lambda: fastapi_app.stats[1] == 0)


def test_a_websocket_that_breaks_is_closed_and_logged_once(fastapi_app: Any) -> None:
    with websocket(fastapi_app) as socket:
        socket.recv()
        socket.send("break")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
    wait_until(lambda: fastapi_app.stats[1] == 0)
    assert fastapi_app.output.count("ZeroDivisionError: division by zero") == 1


def test_a_websocket_does_not_outlive_the_bound_after_which_the_gate_must_be_asked_again(
    start: Any, write: Any
) -> None:
    bound = "import portico.serve.runner.asgi as asgi\nasgi.WEBSOCKET_LIFETIME = 1.0\n"
    write("app.py", bound + FASTAPI)
    worker = start("app.py")
    worker.ready()
    begun = time.monotonic()
    with websocket(worker) as socket:
        socket.recv()
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert closed.value.rcvd.code == 1012
    assert time.monotonic() - begun > 0.5


def test_sigterm_closes_websockets_and_runs_the_apps_shut_down(fastapi_app: Any) -> None:
    with websocket(fastapi_app) as socket:
        socket.recv()
        fastapi_app.signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
        assert fastapi_app.wait() == 0
    assert fastapi_app.output.split() == ["started", "stopped"]


def test_many_websockets_are_open_at_once(fastapi_app: Any) -> None:
    async def talk() -> list[str | bytes]:
        async def one(number: int) -> str | bytes:
            connection: ClientConnection
            async with unix_connect(fastapi_app.socket_path, "ws://site.test/ws") as connection:
                await connection.recv()
                await asyncio.sleep(0.5)
                await connection.send(f"n{number}")
                return await connection.recv()

        return await asyncio.gather(*(one(number) for number in range(200)))

    assert asyncio.run(talk()) == [f"N{number}" for number in range(200)]


FAILING = """
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    raise OSError("no database")
    yield

app = FastAPI(lifespan=lifespan)
"""


def test_a_start_up_that_fails_is_one_line_and_its_traceback_is_in_the_log(start: Any, write: Any) -> None:
    write("app.py", FAILING)
    worker = start("app.py")
    assert worker.event() == {
        "event": "failed",
        "reason": "app.py: the app's start-up failed: OSError: no database",
    }
    assert worker.wait() == 1
    assert "OSError: no database" in worker.output
    assert "lifespan" in worker.output


def test_a_start_up_is_waited_for(start: Any, write: Any) -> None:
    write("app.py", FASTAPI.replace('print("started"', 'await asyncio.sleep(1); print("started"'))
    worker = start("app.py")
    begun = time.monotonic()
    worker.ready()
    assert "started" in worker.output
    assert json.loads(worker.get("/who").text) == "||[]"
    assert time.monotonic() - begun < 20
