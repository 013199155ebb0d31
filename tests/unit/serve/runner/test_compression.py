"""Bundles and assets are compressed for those who accept it, and the front learns what it may keep."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from portico.serve.runner.compression import compress

TEXT = "const answer = 42; " * 200


def flask_answers() -> Callable[..., Any]:
    """How the Flask server answers a GET."""
    app = Flask(__name__)
    app.secret_key = "for a test"

    @app.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        if name.startswith("mine"):
            session["seen"] = name
        body = TEXT[:100] if name.startswith("small") else TEXT
        kind = "image/png" if name.endswith(".png") else "text/javascript"
        answer = Response(body, mimetype=kind, headers={"ETag": '"abc"'})
        return answer if name != "missing.js" else Response("no", 404)

    @app.get("/data")
    def data() -> str:
        return TEXT

    compress(app, "/", "assets", keep=True)
    return lambda path, headers: app.test_client().get(path, headers=headers)


def starlette_answers() -> Callable[..., Any]:
    """How the same server on Starlette answers a GET."""

    async def asset(request: Request) -> PlainTextResponse:
        name = request.path_params["name"]
        if name == "missing.js":
            return PlainTextResponse("no", 404)
        kind = "image/png" if name.endswith(".png") else "text/javascript"
        answer = PlainTextResponse(TEXT[:100] if name.startswith("small") else TEXT, media_type=kind)
        answer.headers["ETag"] = '"abc"'
        if name.startswith("mine"):
            answer.set_cookie("seen", name)
        return answer

    async def data(request: Request) -> PlainTextResponse:
        return PlainTextResponse(TEXT)

    app = Starlette(routes=[Route("/assets/{name:path}", asset), Route("/data", data)])
    compress(app, "/", "assets", keep=True)
    client = TestClient(app)
    return lambda path, headers: client.get(path, headers={"Accept-Encoding": "identity"} | headers)


@pytest.fixture(params=[flask_answers, starlette_answers], ids=["wsgi", "asgi"])
def get(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A client of a server whose assets are compressed."""
    maker: Callable[[], Callable[..., Any]] = request.param
    return maker()


GZIP = {"Accept-Encoding": "gzip"}


def test_an_asset_is_compressed_for_those_who_accept_it(get: Callable[..., Any]) -> None:
    """The same text, shorter, with a weak tag; everybody else gets it as it is."""
    packed, plain = get("/assets/a.js", GZIP), get("/assets/a.js", {})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] == 'W/"abc"'
    assert int(packed.headers["Content-Length"]) < 200
    assert "Content-Encoding" not in plain.headers
    assert plain.text == TEXT
    body = getattr(packed, "data", None)
    assert (gzip.decompress(body).decode() if body else packed.text) == TEXT


@pytest.mark.parametrize("path", ["/assets/small.js", "/assets/picture.png", "/assets/missing.js", "/data"])
def test_nothing_else_is_compressed(get: Callable[..., Any], path: str) -> None:
    """Neither small nor compressed files, nor errors, nor what the app itself answers."""
    assert "Content-Encoding" not in get(path, GZIP).headers


def test_the_front_keeps_what_is_the_same_for_everybody(get: Callable[..., Any]) -> None:
    """For long when the file's time is in the address, for a minute otherwise, never what has a cookie."""
    assert get("/assets/a.js?m=1.5", GZIP).headers["X-Accel-Expires"] == "2592000"
    assert get("/assets/picture.png", {}).headers["X-Accel-Expires"] == "60"
    assert "X-Accel-Expires" not in get("/assets/mine.js", GZIP).headers
    assert "X-Accel-Expires" not in get("/assets/missing.js", GZIP).headers
    assert "X-Accel-Expires" not in get("/data", {}).headers


def test_a_body_in_pieces_arrives_whole() -> None:
    """Compression waits for the last piece."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/css")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in (b"a" * 500, b"b" * 500):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    class Server:
        asgi_app = staticmethod(app)

    async def keep(message: Any) -> None:
        sent.append(message)

    server: Any = Server()
    compress(server, "/", "assets", keep=False)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/assets/a.css",
        "headers": [(b"accept-encoding", b"gzip")],
    }
    asyncio.run(server.asgi_app(scope, None, keep))
    assert gzip.decompress(sent[1]["body"]) == b"a" * 500 + b"b" * 500
    assert len(sent) == 2
