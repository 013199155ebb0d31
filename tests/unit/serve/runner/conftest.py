"""A stand-in for the supervisor and the front: starts one real runner and talks HTTP to its real socket."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SITE_URL = "http://site.test"
DEADLINE = 30.0


@dataclass
class Signer:
    """Issues identity tokens as the gate does, with a key of its own."""

    file: Path
    kid: str = "k1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def publish(self) -> None:
        """Write the public key where runners read it."""
        raw = self.key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        entry = {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "alg": "EdDSA", "use": "sig", "x": x}
        self.file.write_text(json.dumps({"keys": [entry]}))

    def token(self, audience: str = "app", **claims: Any) -> str:
        """A token for Ada; `claims` replace the usual ones."""
        now = int(time.time())
        usual = {
            "iss": SITE_URL,
            "aud": audience,
            "sub": "u1",
            "email": "ada@example.org",
            "email_verified": True,
            "name": "Ada",
            "roles": ["admin", "analyst"],
            "iat": now,
            "exp": now + 60,
        }
        return jwt.encode(usual | claims, self.key, algorithm="EdDSA", headers={"kid": self.kid})


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, as the front speaks it."""

    def __init__(self, path: str, timeout: float = DEADLINE) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


@dataclass
class Answer:
    """One HTTP answer, read whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Worker:
    """One runner process with its socket, pipes and counters."""

    def __init__(
        self, spec: dict[str, Any], folder: Path, environ: dict[str, str], command: list[str]
    ) -> None:
        self.socket_path = str(folder / "s")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket_path)
        self.listener.listen(128)
        status_read, status_write = os.pipe()
        lifeline_read, self.lifeline = os.pipe()
        self.stats_file = folder / "stats"
        self.stats_file.write_bytes(bytes(64))
        stats = os.open(self.stats_file, os.O_RDWR)
        inherited = {
            "listen_fd": self.listener.fileno(),
            "status_fd": status_write,
            "lifeline_fd": lifeline_read,
            "stats_fd": stats,
        }
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=spec["folder"],
                env=environ | {"PORTICO_RUNNER": json.dumps(spec | inherited)},
                pass_fds=tuple(inherited.values()),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        for fd in (status_write, lifeline_read, stats):
            os.close(fd)
        self.status = os.fdopen(status_read, "rb")

    def event(self) -> dict[str, Any]:
        """What the runner says: ready or failed."""
        line = self.status.readline()
        assert line, f"the runner ended without a word:\n{self.output}"
        return json.loads(line)

    def ready(self) -> dict[str, Any]:
        """Wait until it is ready; fail with its log otherwise."""
        event = self.event()
        assert event["event"] == "ready", f"{event}\n{self.output}"
        return event

    @property
    def output(self) -> str:
        """What the app and the runner printed."""
        return self.log.read_text(errors="replace")

    def connect(self, timeout: float = DEADLINE) -> UnixConnection:
        """A connection that the caller closes."""
        return UnixConnection(self.socket_path, timeout)

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own."""
        connection = self.connect()
        try:
            return ask(connection, path, method, body, **headers)
        finally:
            connection.close()

    @property
    def stats(self) -> tuple[int, int, float]:
        """Requests in total, in flight, time of the last activity."""
        total, in_flight, _, last = struct.unpack_from("<QIId", self.stats_file.read_bytes())
        return total, in_flight, last

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def wait(self, timeout: float = DEADLINE) -> int:
        """The exit status, once it has ended."""
        return self.process.wait(timeout)

    def close(self) -> None:
        """End it and everything it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.lifeline >= 0:
            os.close(self.lifeline)
        self.status.close()
        self.listener.close()


def ask(
    connection: UnixConnection, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> Answer:
    """One request on `connection`; header names with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Host": "site.test", **named})
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    """A gate's key, published."""
    signer = Signer(tmp_path / "identity.jwks")
    signer.publish()
    return signer


Start = Callable[..., Worker]


@pytest.fixture
def start(tmp_path: Path, signer: Signer) -> Iterator[Start]:
    """Start runners: `start("app.py", prefix="/sales")`, `start("module:object")`; all are ended after the test."""
    workers: list[Worker] = []
    folders: list[tempfile.TemporaryDirectory[str]] = []

    def begin(
        text: str, *, command: Sequence[str] = (), env: dict[str, str] | None = None, **more: Any
    ) -> Worker:
        folder = tempfile.TemporaryDirectory(prefix="p-", ignore_cleanup_errors=True)
        folders.append(folder)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
        environ |= {
            "PORTICO_APP": "app",
            "PORTICO_IDENTITY_KEYS": str(signer.file),
            "PORTICO_SITE_URL": SITE_URL,
            "PYTHONUNBUFFERED": "1",
        }
        worker = Worker(
            describe(text, tmp_path) | more,
            Path(folder.name),
            environ | (env or {}),
            list(command) or [sys.executable, "-P", "-m", "portico.serve.runner"],
        )
        workers.append(worker)
        return worker

    yield begin
    for worker in workers:
        worker.close()
    for folder in folders:
        folder.cleanup()


def describe(run: str, folder: Path) -> dict[str, Any]:
    """The value of PORTICO_RUNNER without its file descriptors, for a `run` setting within `folder`."""
    file = folder / run
    if run.endswith(".py"):
        parsed = {"kind": "file", "text": run, "target": str(file), "argv": []}
        folder = file.parent
    elif "{" in run:
        parsed = {"kind": "command", "text": run, "target": "", "argv": run.split()}
    else:
        parsed = {"kind": "object", "text": run, "target": run, "argv": []}
    return {
        "name": "app",
        "run": parsed,
        "folder": str(folder),
        "prefix": "",
        "threads": 4,
        "request_timeout": 300,
        "start_timeout": 20,
        "dev": False,
        "site_url": SITE_URL,
        "prepare": None,
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write an app's file below the test's folder."""

    def put(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return put
