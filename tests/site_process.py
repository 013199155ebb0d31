"""A real `portico serve` (or `dev`) in a folder of its own, for tests that speak HTTP to a whole site."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Settings = Callable[[Path, Mapping[str, str], str], dict[str, str]]


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(true: Callable[[], Any], timeout: float = 20.0, what: str = "") -> Any:
    """The first truthy value of `true()` within `timeout` seconds; AssertionError otherwise."""
    deadline = time.monotonic() + timeout
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or true}")
        time.sleep(0.03)


class SiteProcess:
    """One site, served from `root` by a real `portico` process on free ports of 127.0.0.1.

    `toml` is written to `<root>/portico.toml`; a `[site]` table is put first when it has none, its `url` and
    `listen` are chosen when it names none. Without `toml`, `args` are the apps (`portico serve a.py b.py`).
    `env` is added to this process's environment, from which every PORTICO_* is taken out first. `settings` says
    what a site in a folder, with an environment and a file, is told beyond that: conftest.py gives it a database.
    """

    settings: Settings = staticmethod(lambda _folder, _env, _toml: {})

    def __init__(
        self,
        root: Path,
        toml: str | None = None,
        *,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        verb: str = "serve",
        port: int | None = None,
    ) -> None:
        self.root = root
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.args = list(args)
        self.verb = verb
        own = {k: v for k, v in os.environ.items() if not k.startswith("PORTICO_")}
        self.env = own | type(self).settings(root, env or {}, toml or "") | dict(env or {})
        self.process: subprocess.Popen[bytes] | None = None
        self._lines: list[str] = []
        self._reader: threading.Thread | None = None
        if toml is not None:
            self.write(toml)

    def write(self, toml: str) -> None:
        """Write portico.toml, with this process's URL and address where it names none."""
        if not re.search(r"^\[site\]", toml, re.MULTILINE):
            toml = "[site]\n" + toml
        for key, value in (("listen", f"127.0.0.1:{self.port}"), ("url", self.url)):
            if not re.search(rf"^{key}\s*=", toml, re.MULTILINE):
                toml = toml.replace("[site]\n", f'[site]\n{key} = "{value}"\n', 1)
        (self.root / "portico.toml").write_text(toml, encoding="utf-8")

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self.process is not None
        return self.process.pid

    def start(self, wait: bool = True, timeout: float = 60.0) -> Self:
        """Start `portico`; with `wait`, return when the gate answers through the front."""
        command = [sys.executable, "-m", "portico", self.verb, *self.args]
        if not (self.root / "portico.toml").exists():
            command += ["--port", str(self.port)]
        self._lines = []
        self.process = subprocess.Popen(
            command,
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if wait:
            self.wait_until(lambda: "portico: ready at " in self.output(), timeout, "ready")
        return self

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.append(line.decode("utf-8", "replace"))

    def output(self) -> str:
        """Everything the site has written so far."""
        return "".join(self._lines)

    def wait_until(self, true: Callable[[], Any], timeout: float = 20.0, what: str = "") -> Any:
        """The first truthy value of `true()`; fails with the site's output when it ends or takes too long."""

        def checked() -> Any:
            value = true()
            if not value and self.process is not None and self.process.poll() is not None:
                time.sleep(0.1)
                raise AssertionError(f"the site ended with {self.process.returncode}:\n{self.output()}")
            return value

        try:
            return eventually(checked, timeout, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output()}") from None

    def wait_for(self, text: str, timeout: float = 20.0) -> None:
        """Wait until the site has written `text`."""
        self.wait_until(lambda: text in self.output(), timeout, f"{text!r} in the output")

    def portico(self, *args: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run another `portico` command for this site and give back what it said."""
        return subprocess.run(
            [sys.executable, "-m", "portico", *args],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def status(self) -> dict[str, Any]:
        """What `portico status --json` says."""
        done = self.portico("status", "--json")
        assert done.returncode == 0, done.stderr + self.output()
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def app(self, name: str) -> dict[str, Any]:
        """The status of one app."""
        found: dict[str, Any] = next(app for app in self.status()["apps"] if app["name"] == name)
        return found

    def first_run_link(self) -> str:
        """The one-time link with which the first administrator makes an account."""
        self.wait_for("/-/first-run/")
        match = re.search(r"https?://\S+/-/first-run/\S+", self.output())
        assert match
        return match.group()

    def kill(self) -> None:
        """kill -9 of the supervisor, which then tidies up nothing."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self, timeout: float = 40.0) -> int:
        """SIGTERM, wait, and give back the exit code; a site that does not stop in time fails the test."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise AssertionError(f"the site did not stop within {timeout} s:\n{self.output()}") from None
        if self._reader is not None:
            self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            sys.stderr.write(self.output())
        self.stop()


def short_folder() -> tempfile.TemporaryDirectory[str]:
    """A temporary folder with a short path, so that its sockets stay inside it."""
    return tempfile.TemporaryDirectory(prefix="p-", dir="/tmp")
