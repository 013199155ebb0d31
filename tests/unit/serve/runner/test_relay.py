"""Commands that speak HTTP by themselves."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.sync.client import unix_connect

from portico.serve.runner.exchange import closing, is_upgrade

SERVER = '''
"""python own.py PLACE PREFIX: an HTTP server on a port or a unix socket."""
import http.server, os, socketserver, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "front"

    def do_GET(self):
        if self.path.endswith("/slow"):
            time.sleep(2)
        if self.path.endswith("/stream"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"one ")
            patience = 500
            while patience and not os.path.exists(os.path.join(os.path.dirname(__file__), "go-on")):
                patience -= 1
                time.sleep(0.02)
            self.wfile.write(b"two" if patience else b"nobody saw the first word")
            self.close_connection = True
            return
        if self.path.endswith("/die"):
            os._exit(3)
        self.answer(f"{self.path}|{sys.argv[2]}|{self.headers['X-Portico-Identity']}|{self.headers['Connection']}".encode())

    def do_POST(self):
        left, total = int(self.headers["Content-Length"]), 0
        while left:
            chunk = self.rfile.read(min(left, 65536))
            left -= len(chunk)
            total += len(chunk)
        self.answer(str(total).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

place = sys.argv[1]
time.sleep(float(os.environ.get("WAIT", "0")))
if place.isdigit():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(place)), Handler)
else:
    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
    server = Server(place, Handler)
print(f"pid {os.getpid()} at {place}", flush=True)
server.serve_forever()
'''

WEBSOCKETS = """
import sys
from websockets.sync.server import serve

def talk(socket):
    for text in socket:
        socket.send(text.upper())

with serve(talk, "127.0.0.1", int(sys.argv[1])) as server:
    server.serve_forever()
"""


@pytest.fixture
def command(start: Any, write: Any) -> Callable[..., Any]:
    """Start the server above as a command: at its {port} or {socket}."""
    file = write("own.py", SERVER)

    def begin(place: str = "{port}", **more: Any) -> Any:
        return start(f"{sys.executable} {file} {place} x{{prefix}}", **more)

    return begin


@pytest.mark.parametrize("place", ["{port}", "{socket}"])
def test_a_command_is_served_at_its_port_or_socket(command: Any, place: str) -> None:
    worker = command(place, prefix="/sales")
    assert worker.ready() == {"event": "ready", "kind": "command", "notes": []}
    answer = worker.get("/sales/page", X_Portico_Identity="token")
    assert answer.text == "/sales/page|x/sales|token|close"
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert not list(Path(worker.socket_path).parent.glob("c*"))


def test_requests_before_the_command_listens_wait_for_it(command: Any) -> None:
    worker = command(env={"WAIT": "1"})
    assert worker.get("/").status == 200


def test_each_connection_carries_one_request_which_is_counted(command: Any) -> None:
    worker = command()
    worker.ready()
    for _ in range(3):
        worker.get("/")
    deadline = time.monotonic() + 10
    while worker.stats[:2] != (3, 0):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert abs(worker.stats[2] - time.time()) < 5


def test_sigterm_finishes_the_slow_request_and_ends_the_command(command: Any) -> None:
    worker = command()
    worker.ready()
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(worker.get("/slow")))
    asking.start()
    while worker.stats[1] == 0:
        time.sleep(0.01)
    worker.signal(signal.SIGUSR1)
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    asking.join()
    assert answers[0].status == 200
    assert not psutil.pid_exists(int(worker.output.split()[1]))


def test_a_stream_is_passed_on_as_it_is_made(command: Any, write: Any) -> None:
    worker = command()
    worker.ready()
    connection = worker.connect()
    connection.request("GET", "/stream")
    response = connection.getresponse()
    assert response.read(4) == b"one "
    write("go-on", "")
    assert response.read() == b"two"
    connection.close()


def test_a_large_upload_is_passed_on_without_being_held(command: Any) -> None:
    worker = command()
    worker.ready()
    before = psutil.Process(worker.process.pid).memory_info().rss
    assert worker.get("/", "POST", bytes(50_000_000)).text == "50000000"
    assert psutil.Process(worker.process.pid).memory_info().rss - before < 20_000_000


def test_a_websocket_is_passed_on_and_closed_when_the_worker_is_replaced(start: Any, write: Any) -> None:
    file = write("own.py", WEBSOCKETS)
    worker = start(f"{sys.executable} {file} {{port}}")
    worker.ready()
    with unix_connect(worker.socket_path, "ws://site.test/") as websocket:
        websocket.send("hello")
        assert websocket.recv() == "HELLO"
        assert worker.stats[1] == 1
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


def test_a_command_that_ends_ends_the_worker_with_a_reason(command: Any) -> None:
    worker = command()
    worker.ready()
    connection = worker.connect()
    connection.request("GET", "/die")
    assert worker.wait() == 1
    assert worker.output.endswith("ended with status 3\n")
    connection.close()


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("no-such-program {port}", "no-such-program {port}: no-such-program: No such file or directory"),
        ("false {port}", "false {port}: ended with status 1 before it listened at port "),
        ("sleep 60{port}", "sleep 60{port}: did not listen at port "),
    ],
)
def test_a_command_that_cannot_serve_is_one_line(start: Any, run: str, reason: str) -> None:
    worker = start(run, start_timeout=1)
    event = worker.event()
    assert event["event"] == "failed"
    assert event["reason"].startswith(reason)
    assert worker.wait() == 1


def test_nothing_is_sent_to_another_program_that_has_taken_the_port(start: Any, write: Any) -> None:
    """The command does not listen, somebody else does: the site's requests are not for them."""
    file = write(
        "own.py",
        "import socket, subprocess, sys, time\n"
        "other = subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]], start_new_session=True)\n"
        "print(other.pid, flush=True)\n"
        "import os\nif os.fork():\n    time.sleep(60)\n",
    )
    listen = (
        "import os, socket, sys, time\nif os.fork(): os._exit(0)\n"
        "listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(20)"
    )
    run = f"{sys.executable} {file} {{port}} x"
    described = {
        "kind": "command",
        "text": run,
        "target": "",
        "argv": [sys.executable, str(file), "{port}", listen],
    }
    worker = start(run, run=described)
    assert "another program listens at port" in worker.event()["reason"]


def test_the_command_ends_with_the_supervisor(command: Any) -> None:
    worker = command()
    worker.ready()
    pid = int(worker.output.split()[1])
    os.close(worker.lifeline)
    worker.lifeline = -1
    assert worker.wait(10) == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_client_that_sends_half_a_request_and_leaves_is_forgotten(command: Any) -> None:
    worker = command()
    worker.ready()
    client = socket.socket(socket.AF_UNIX)
    client.connect(worker.socket_path)
    client.sendall(b"GET / HTTP/1.1\r\nHost")
    client.close()
    assert worker.get("/").status == 200
    deadline = time.monotonic() + 5
    while worker.stats[1]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_head_asks_for_the_connection_to_be_closed_and_nothing_else_changes() -> None:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nX-A: connection\r\n\r\n"
    assert closing(head) == b"POST /a HTTP/1.1\r\nHost: x\r\nX-A: connection\r\nConnection: close\r\n\r\n"
    assert not is_upgrade(head)
    assert is_upgrade(b"GET / HTTP/1.1\r\nupgrade: websocket\r\n\r\n")
