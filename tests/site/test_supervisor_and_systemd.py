"""What a site tells systemd, heard at the other end of the socket."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from site_process import SiteProcess, short_folder

APP = """
import os
from flask import Flask
app = Flask(__name__)

@app.get("/")
def variables():
    return sorted(name for name in os.environ if name.startswith(("NOTIFY", "WATCHDOG")))
"""
TOML = """
[apps.home]
run = "app.py"
access = "public"
"""


class Systemd:
    """The other end: what was said, in order."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.place))
        self.socket.settimeout(20)

    def hears(self, start: str) -> str:
        """The next message that is no sign of life."""
        while (message := self.socket.recv(4096).decode()) == "WATCHDOG=1":
            pass
        assert message.startswith(start), message
        return message


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    """A socket in a short folder, closed afterwards."""
    with short_folder() as folder:
        heard = Systemd(Path(folder))
        yield heard
        heard.socket.close()


def test_ready_reloading_stopping(systemd: Systemd, tmp_path: Path) -> None:
    """In this order; a wrong site file ends the reload, too."""
    (tmp_path / "app.py").write_text(APP)
    with SiteProcess(tmp_path, TOML, env={"NOTIFY_SOCKET": str(systemd.place)}) as site:
        assert f"STATUS=Serving Portico at {site.url}" in systemd.hears("READY=1")
        os.kill(site.pid, signal.SIGHUP)
        assert "MONOTONIC_USEC=" in systemd.hears("RELOADING=1")
        systemd.hears("READY=1")
        (tmp_path / "portico.toml").write_text("[site\n")
        assert site.portico("reload").returncode == 1
        systemd.hears("RELOADING=1")
        systemd.hears("READY=1")
    systemd.hears("STOPPING=1")


def test_the_watchdog_hears_a_sign_of_life_twice_in_each_period(systemd: Systemd, tmp_path: Path) -> None:
    """And neither app nor gate gets to know the socket: what they say is not the site's."""
    (tmp_path / "app.py").write_text(APP)
    watched = {"NOTIFY_SOCKET": str(systemd.place), "WATCHDOG_USEC": "1000000"}
    with SiteProcess(tmp_path, TOML, env=watched) as site:
        systemd.hears("READY=1")
        for _ in range(3):
            assert systemd.socket.recv(100) == b"WATCHDOG=1"
        assert httpx.get(f"{site.url}/home/").json() == []


def test_another_process_s_watchdog_is_not_ours(systemd: Systemd, tmp_path: Path) -> None:
    """WATCHDOG_PID says whose it is."""
    from portico.serve.system_manager import SystemManager

    environ = {"NOTIFY_SOCKET": str(systemd.place), "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    manager = SystemManager(environ)
    assert environ == {}
    import asyncio

    asyncio.run(manager.watchdog())
    manager.ready("here")
    assert systemd.socket.recv(100) == b"READY=1\nSTATUS=here"
