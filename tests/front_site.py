"""The real front (nginx) with strict stand-ins behind it: a gate and apps that record what they are sent.

For tests of the data path alone: no Python app runs, so that every byte that reaches an app can be looked at.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from portico.serve.front import FrontLayout, nginx_command, render
from portico.site import Access, App, Run, RunKind, Sessions, SignUp, Site
from site_process import free_port

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Request:
    """One request as an upstream got it, header by header in their order."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    socket: socket.socket

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The one value of a header; None when it is not there, AssertionError when it is there twice."""
        values = self.all(name)
        assert len(values) < 2, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def names(self) -> set[str]:
        """The names of all headers in lower case."""
        return {key.lower() for key, _ in self.headers}


Answer = Callable[[Request], bytes | None]


class Upstream:
    """A strict HTTP/1.1 server on a unix socket. `answer` returns a whole response, or None to hang up."""

    def __init__(self, path: Path, answer: Answer | None = None) -> None:
        self.path = path
        self.default: Answer = answer or (lambda _request: OK)
        self.answer = self.default
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self._connections = 0
        self._open: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """Forget what came and answer as at first."""
        self.answer = self.default
        self.requests.clear()

    def close(self) -> None:
        """Stop listening and hang up everywhere."""
        self._listener.close()
        self.path.unlink(missing_ok=True)
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def last(self) -> Request:
        """The latest request."""
        return self.requests[-1]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, self._connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            reader = connection.makefile("rb")
            while (request := self._read(reader, connection, number)) is not None:
                self.requests.append(request)
                answer = self.answer(request)
                if answer is None:
                    return
                connection.sendall(answer)
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError):
                self.problems.append(str(error))
        finally:
            self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _read(self, reader: object, connection: socket.socket, number: int) -> Request | None:
        line = reader.readline(65537)  # type: ignore[attr-defined]
        if not line:
            return None
        method, target, version = line.decode("latin-1").rstrip("\r\n").split(" ")
        if version != "HTTP/1.1" or not line.endswith(b"\r\n"):
            raise ValueError(f"not a clean request line: {line!r}")
        headers: list[tuple[str, str]] = []
        while (line := reader.readline(65537)) != b"\r\n":  # type: ignore[attr-defined]
            name, colon, value = line.decode("latin-1").rstrip("\r\n").partition(":")
            if not colon or name != name.strip() or not name:
                raise ValueError(f"not a clean header: {line!r}")
            headers.append((name, value.strip()))
        request = Request(method, target, headers, b"", number, connection)
        if request.header("Transfer-Encoding"):
            raise ValueError("the front sent a chunked body")
        length = request.header("Content-Length")
        request.body = reader.read(int(length)) if length else b""  # type: ignore[attr-defined]
        return request


def token(letter: str) -> str:
    """A well-formed session cookie value made of one letter."""
    return letter * 43


@dataclass
class Door:
    """What the stand-in gate knows: session token -> name, and the apps each name may enter."""

    people: dict[str, str] = field(default_factory=dict)
    may: dict[str, set[str]] = field(default_factory=dict)


class Gate(Upstream):
    """A stand-in gate: answers the check by `door`, every other request with 200 and its name."""

    def __init__(self, path: Path, cookie: str) -> None:
        self.cookie = cookie
        self.door = Door()
        self.checks: list[str] = []
        super().__init__(path, self._decide)

    def reset(self) -> None:
        """Forget what came; who may enter stays."""
        super().reset()
        self.checks.clear()

    def _decide(self, request: Request) -> bytes:
        if not request.target.startswith("/-/check/"):
            body = f"gate {request.target}".encode()
            return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
                len(body),
                body,
            )
        app = request.target.removeprefix("/-/check/")
        self.checks.append(app)
        name = self._who(request)
        if name is None:
            return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        if app not in self.door.may.get(name, set()):
            return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        identity = base64.urlsafe_b64encode(json.dumps([name, app]).encode()).decode()
        return f"HTTP/1.1 204 No Content\r\nX-Portico-Identity: {identity}\r\n\r\n".encode()

    def _who(self, request: Request) -> str | None:
        for part in (request.header("Cookie") or "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self.cookie and value in self.door.people:
                return self.door.people[value]
        shown = request.header("Authorization")
        return self.door.people.get(shown) if shown else None


def identity(name: str, app: str) -> str:
    """What the stand-in gate says of `name` at `app`."""
    return base64.urlsafe_b64encode(json.dumps([name, app]).encode()).decode()


@dataclass
class Response:
    """What the front answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The one value of a header; AssertionError when it is there twice."""
        values = self.all(name)
        assert len(values) < 2, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> dict[str, str]:
        """The body as JSON."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


def example_app(name: str, **changes: object) -> App:
    """A signed-in app at /<name>; `path`, `host`, `port`, `access`, `max_body` and so on may differ."""
    alone = "host" in changes or "port" in changes
    settings: dict[str, object] = {
        "name": name,
        "run": Run(RunKind.FILE, f"{name}.py", f"/nowhere/{name}.py"),
        "folder": Path("/nowhere"),
        "title": name.title(),
        "description": "",
        "access": Access(signed_in=True),
        "path": None if alone else f"/{name}",
        "host": None,
        "port": None,
        "workers": 1,
        "threads": 8,
        "sleep_after": None,
        "start_timeout": 60.0,
        "request_timeout": 60.0,
        "max_body": 1_000_000,
        "python": None,
        "environment": (),
        "in_portal": True,
    }
    return App(**(settings | changes))  # type: ignore[arg-type]


class FrontSite:
    """nginx on free ports of 127.0.0.1 with one stand-in per app and one for the gate.

    ada may enter every app, bob may enter `sales` only; cookies are `token("a")` and `token("b")`.
    """

    def __init__(
        self,
        binary: Path,
        apps: Sequence[App],
        *,
        release: Mapping[str, str] | None = None,
        dev: bool = False,
        **site: object,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="p-", dir="/tmp")
        root = Path(self._folder.name)
        self.layout = FrontLayout(
            *(root / name for name in ("sockets", "starting", "crashed", "nginx", "cache"))
        )
        for folder in (self.layout.sockets, self.layout.starting, self.layout.crashed, self.layout.cache):
            folder.mkdir()
        self.port = free_port()
        settings: dict[str, object] = {
            "name": "Example Analytics",
            "url": f"http://localhost:{self.port}",
            "listen_host": "127.0.0.1",
            "listen_port": self.port,
            "sign_up": SignUp.OPEN,
            "root": root,
            "file": None,
            "state": root,
            "database_url": "sqlite://",
            "gate_workers": 1,
            "trusted_proxies": (),
            "check_cache": 2.0,
            "sessions": Sessions(1, 1, 1),
            "roles": {"admin": ""},
            "apps": tuple(apps),
        }
        self.site = Site(**(settings | site))  # type: ignore[arg-type]
        self.binary = binary
        self.release = release
        self.dev = dev
        self.gate = Gate(self.layout.sockets / "gate.sock", self.site.session_cookie)
        self.gate.door.people.update({token("a"): "ada", token("b"): "bob"})
        self.gate.door.may.update({"ada": {app.name for app in apps}, "bob": {"sales"}})
        self.apps = {app.name: Upstream(self.layout.sockets / f"{app.name}.sock") for app in apps}
        self.process: subprocess.Popen[bytes] | None = None
        self.log = root / "log"

    def start(self) -> Self:
        """Render, start nginx and wait until it listens."""
        files = render(self.site, self.layout, self.release or {}, self.dev)
        for name, text in files.items():
            place = self.layout.nginx / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(nginx_command(self.binary, self.layout.nginx), stderr=log)
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), self.connect():
                return self
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"nginx did not start: {self.log.read_text()}")
            time.sleep(0.01)

    def start_again(self) -> None:
        """Start nginx anew with what the settings are now; the stand-ins go on."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
        self.start()

    def stop(self) -> None:
        """End nginx and the stand-ins, and leave nothing behind."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
        for upstream in (self.gate, *self.apps.values()):
            upstream.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self) -> None:
        """As at first, but nginx keeps its caches."""
        for upstream in (self.gate, *self.apps.values()):
            upstream.reset()
        for folder in (self.layout.starting, self.layout.crashed):
            for mark in folder.iterdir():
                mark.unlink()

    def connect(self, port: int | None = None) -> socket.socket:
        """A connection to the front."""
        return socket.create_connection(("127.0.0.1", port or self.port), timeout=20)

    def raw(self, data: bytes, port: int | None = None) -> bytes:
        """Everything that the front answers to these bytes until it hangs up."""
        with self.connect(port) as connection:
            connection.sendall(data)
            chunks = []
            while chunk := connection.recv(65536):
                chunks.append(chunk)
        return b"".join(chunks)

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        who: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        port: int | None = None,
        host: str | None = None,
    ) -> Response:
        """One request, with the target exactly as written. `who`: the letter of the session, or "" for nobody."""
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {host or f'localhost:{self.port}'}",
            "Connection: close",
        ]
        if who:
            lines.append(f"Cookie: {self.site.session_cookie}={token(who)}")
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        data = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")
        return parse(self.raw(data, port), method)

    def page(self, target: str, **more: object) -> Response:
        """One request as a browser navigates."""
        headers = [("Accept", "text/html,*/*;q=0.8"), ("Sec-Fetch-Mode", "navigate")]
        return self.ask(target, headers=headers, **more)  # type: ignore[arg-type]


def parse(data: bytes, method: str = "GET") -> Response:
    """The one response in these bytes."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    response = Response(int(lines[0].split(" ")[1]), headers, body)
    if method != "HEAD" and (response.header("Transfer-Encoding") or "") == "chunked":
        response.body = b"".join(unchunked(body))
    return response


def unchunked(body: bytes) -> Iterator[bytes]:
    """The chunks of a chunked body."""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return
        yield rest[:length]
        body = rest[length + 2 :]
