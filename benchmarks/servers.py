"""The programs that are compared: each starts on a free loopback port and ends with its `with` block."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

APPS = Path(__file__).parent / "apps"
BIN = Path(sys.executable).parent
WORKERS = "2"


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Return as soon as something accepts on the port; RuntimeError when the process ends before, or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{process.args} did not answer on port {port}")


@contextmanager
def started(argv: Sequence[str], port: int, **environment: str) -> Iterator[str]:
    """Run a server in its own process group until the block ends; yields its URL."""
    process = subprocess.Popen(
        argv,
        cwd=APPS,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def granian(target: str) -> Iterator[str]:
    """The app bare on Granian, WSGI, two workers with one blocking thread each (its fastest)."""
    port = free_port()
    argv = [str(BIN / "granian"), "--interface", "wsgi", "--workers", WORKERS, "--blocking-threads", "1"]
    with started([*argv, "--no-ws", "--port", str(port), target], port) as url:
        yield url


@contextmanager
def gunicorn(target: str) -> Iterator[str]:
    """The app bare on gunicorn, two threaded workers (sync workers close each connection)."""
    port = free_port()
    argv = [
        str(BIN / "gunicorn"),
        "--workers",
        WORKERS,
        "--threads",
        "4",
        "--bind",
        f"127.0.0.1:{port}",
        target,
    ]
    with started(argv, port) as url:
        yield url


@contextmanager
def uvicorn(target: str) -> Iterator[str]:
    """The app bare on uvicorn with its fast loop and parser, two workers."""
    port = free_port()
    argv = [
        str(BIN / "uvicorn"),
        "--workers",
        WORKERS,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
        target,
    ]
    with started(argv, port) as url:
        yield url


@contextmanager
def plain_nginx(binary: Path, folder: Path, upstream: str) -> Iterator[str]:
    """nginx that only passes requests on to `upstream`: what any second process in front of an app costs."""
    location = 'proxy_pass http://bare; proxy_http_version 1.1; proxy_set_header Connection "";'
    server = f"upstream bare {{ server {upstream.removeprefix('http://')}; keepalive 64; }}"
    with _nginx(binary, folder, location, server) as url:
        yield url


@contextmanager
def nginx_limit(binary: Path, folder: Path) -> Iterator[str]:
    """nginx that answers by itself: the most any site behind it can reach."""
    with _nginx(binary, folder, 'return 200 "hello";') as url:
        yield url


@contextmanager
def _nginx(binary: Path, folder: Path, location: str, more: str = "") -> Iterator[str]:
    port = free_port()
    place = folder / f"nginx-{port}"
    place.mkdir()
    conf = place / "nginx.conf"
    conf.write_text(
        f"""
        {"user root;" if os.geteuid() == 0 else ""}
        worker_processes {max(1, (os.cpu_count() or 1) // 2)}; daemon off; pid {place}/pid; error_log stderr error;
        events {{ worker_connections 1024; }}
        http {{
          access_log off; keepalive_requests 1000000;
          client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;
          uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
          {more}
          server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}
        }}
        """,
        encoding="utf-8",
    )
    with started([str(binary), "-p", str(place), "-c", str(conf), "-e", "stderr"], port) as url:
        yield url
