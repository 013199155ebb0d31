"""One worker process as the supervisor sees it: ready, drained, stopped, orphaned."""

from __future__ import annotations

import inspect
import os
import signal
import socket
import threading
import time
from typing import Any

import psutil
import pytest
from granian._granian import SocketHolder
from granian.server import mp
from granian.server.mp import MPServer

from portico.serve.runner import server

SLOW_FLASK = """
import time
from flask import Flask
app = Flask(__name__)

@app.get("/slow")
def slow():
    time.sleep(2)
    return "slow"

@app.get("/")
def index():
    return "quick"
"""

SLOW_ASGI = """
import asyncio
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/slow":
        await asyncio.sleep(2)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"slow" if scope["path"] == "/slow" else b"quick"})
"""

APPS = pytest.mark.parametrize("source", [SLOW_FLASK, SLOW_ASGI], ids=["wsgi", "asgi"])


def test_granian_still_has_the_private_names_in_the_order_we_use_them() -> None:
    """A Granian that changed its worker functions fails here, not in somebody's site."""
    names = [
        "worker_id callback sock ipc loop runtime_mode runtime_threads runtime_blocking_threads",
        "blocking_threads blocking_threads_idle_timeout backpressure task_impl http_mode http1_settings",
        "http2_settings websockets static_path log_access_fmt ssl_ctx scope_opts metrics",
    ]
    expected = " ".join(names).split()
    for function in (MPServer._spawn_wsgi_worker, MPServer._spawn_asgi_lifespan_worker):
        assert list(inspect.signature(function).parameters) == expected
    wrapper = list(inspect.signature(mp._wsgi_call_wrap).parameters)
    assert wrapper == ["callback", "scope_opts", "access_log_fmt"]
    assert "_wsgi_call_wrap" in inspect.getsource(MPServer._spawn_wsgi_worker)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0portico-test-{os.getpid()}")
    holder = server._take_over(listener.detach(), unix=True)
    assert isinstance(holder, SocketHolder)
    assert holder.is_uds()
    os.close(holder.get_fd())


@APPS
def test_sigterm_finishes_the_slow_request_and_exits_with_0(start: Any, write: Any, source: str) -> None:
    write("app.py", source)
    worker = start("app.py")
    worker.ready()
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(worker.get("/slow")))
    asking.start()
    while worker.stats[1] == 0:
        time.sleep(0.01)
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    asking.join()
    assert answers[0].text == "slow"
    assert worker.output == ""


def test_what_the_app_registered_for_its_end_runs(start: Any, write: Any) -> None:
    end = """
import atexit, threading
atexit.register(print, "registered")
threading.Thread(target=lambda: (time.sleep(1), print("thread"))).start()
"""
    write("app.py", SLOW_FLASK + end)
    worker = start("app.py")
    worker.ready()
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert worker.output.split() == ["thread", "registered"]


@APPS
def test_sigterm_ends_an_idle_worker_at_once_although_a_connection_is_kept_alive(
    start: Any, write: Any, source: str
) -> None:
    write("app.py", source)
    worker = start("app.py")
    worker.ready()
    connection = worker.connect()
    connection.request("GET", "/")
    connection.getresponse().read()
    begun = time.monotonic()
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert time.monotonic() - begun < 10  # requests in flight are given longer
    connection.close()


@APPS
def test_sigusr1_closes_each_connection_after_its_response(start: Any, write: Any, source: str) -> None:
    write("app.py", source)
    worker = start("app.py")
    worker.ready()
    kept = worker.connect()
    for _ in range(2):
        kept.request("GET", "/")
        response = kept.getresponse()
        assert response.read() == b"quick"
        assert response.getheader("Connection") is None
    worker.signal(signal.SIGUSR1)
    deadline = time.monotonic() + 10
    while response.getheader("Connection") != "close":  # a signal takes a moment
        assert time.monotonic() < deadline
        kept.request("GET", "/")
        response = kept.getresponse()
        assert response.read() == b"quick"
    assert worker.get("/").text == "quick", "it keeps serving"
    kept.close()


def test_a_connection_idle_for_longer_than_the_front_keeps_it_still_works(start: Any, write: Any) -> None:
    write("app.py", SLOW_FLASK)
    worker = start("app.py")
    worker.ready()
    connection = worker.connect()
    for _ in range(2):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"quick"
        time.sleep(3)
    connection.close()


@APPS
def test_requests_are_counted_while_they_run(start: Any, write: Any, source: str) -> None:
    write("app.py", source)
    worker = start("app.py")
    worker.ready()
    assert worker.stats == (0, 0, 0.0)
    asking = threading.Thread(target=worker.get, args=("/slow",))
    asking.start()
    while worker.stats[0] == 0:
        time.sleep(0.01)
    assert worker.stats[:2] == (1, 1)
    asking.join()
    deadline = time.monotonic() + 10
    while worker.stats[:2] != (1, 0):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert abs(worker.stats[2] - time.time()) < 2


def test_requests_made_before_the_app_is_imported_wait_for_it(start: Any, write: Any) -> None:
    write("app.py", "import time; time.sleep(1)\n" + SLOW_FLASK)
    worker = start("app.py")
    assert worker.get("/").text == "quick"


@pytest.mark.parametrize("source", [SLOW_FLASK, "import time\ntime.sleep(60)"], ids=["serving", "importing"])
def test_a_worker_and_its_children_end_with_the_supervisor(start: Any, write: Any, source: str) -> None:
    """The lifeline closes: nothing is left."""
    child = (
        "import subprocess, sys\nchild = subprocess.Popen(['sleep', '60'])\nprint(child.pid, flush=True)\n"
    )
    write("app.py", child + source)
    worker = start("app.py")
    while not worker.output.endswith("\n"):
        time.sleep(0.02)
    child_pid = int(worker.output.split()[0])
    time.sleep(0.2)
    os.close(worker.lifeline)
    worker.lifeline = -1
    assert worker.wait(10) == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while psutil.pid_exists(child_pid) and psutil.Process(child_pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_prepare_is_called_before_serving_and_its_notes_reach_the_supervisor(start: Any, write: Any) -> None:
    write(
        "prepared.py", "def prepare():\n    open('done', 'w').close()\n    return {'notes': ['one', 'two']}\n"
    )
    write("app.py", "import os\nassert os.path.exists('done')\n" + SLOW_FLASK)
    worker = start("app:app", prepare="prepared:prepare", env={"PYTHONPATH": "."})
    assert worker.ready()["notes"] == ["one", "two"]


def test_a_failing_prepare_is_one_line(start: Any, write: Any) -> None:
    write(
        "prepared.py",
        "from portico import UserError\ndef prepare():\n    raise UserError('the disk is full')\n",
    )
    worker = start("app:app", prepare="prepared:prepare", env={"PYTHONPATH": "."})
    assert worker.event() == {"event": "failed", "reason": "the disk is full"}
    assert worker.wait() == 1
    assert worker.output == ""


def test_a_forked_child_of_the_app_ends_on_sigterm(start: Any, write: Any) -> None:
    """Dash runs background callbacks in forks: they must not inherit our way of handling signals."""
    fork = """
@app.get("/fork")
def fork():
    import os
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    time.sleep(0.3)
    os.kill(pid, 15)
    return str(os.waitpid(pid, 0)[1])
"""
    write("app.py", SLOW_FLASK + fork)
    worker = start("app.py")
    worker.ready()
    assert worker.get("/fork").text == "15"
