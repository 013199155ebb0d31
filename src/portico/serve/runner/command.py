"""The command of an app: its place to listen at, its process, and whether it is the one listening there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

import psutil

from portico.serve.runner import lifeline
from portico.serve.runner.spec import Spec

LOOPBACK = "127.0.0.1"
PAUSE = 0.02  # seconds between two looks whether it listens

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class CommandError(Exception):
    """The command cannot serve; the message is one line for a person."""


class Command:
    """One started command. `listening_at` is the worker's own socket path; a {socket} is put beside it."""

    def __init__(self, spec: Spec, listening_at: str) -> None:
        self._text = spec.text
        self._socket = Path(listening_at).with_name(f"c{os.getpid()}") if "{socket}" in spec.text else None
        self._port = 0 if self._socket else _free_port()
        places = {"{port}": str(self._port), "{socket}": str(self._socket), "{prefix}": spec.prefix}
        self.argv = [_fill(word, places) for word in spec.argv]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it in this process's group, to die with it. CommandError when there is no such program."""
        environ = os.environ | ({"PORT": str(self._port)} if self._port else {})
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.argv, env=environ, stdin=asyncio.subprocess.DEVNULL, preexec_fn=lifeline.die_with_parent
            )
        except OSError as error:
            raise CommandError(f"{self._text}: {self.argv[0]}: {error.strerror}") from error

    async def wait_listening(self, timeout: float) -> None:
        """Wait until it accepts connections. CommandError when it ends first or needs more than `timeout`."""
        deadline = time.monotonic() + timeout
        while not await self._accepts():
            if self._process is not None and self._process.returncode is not None:
                raise CommandError(f"{self._text}: {await self.ended()} before it listened at {self._place}")
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{self._text}: did not listen at {self._place} within {timeout:g} s (start_timeout)"
                )
            await asyncio.sleep(PAUSE)
        if self._port and not self._owns_port():
            raise CommandError(f"{self._text}: another program listens at {self._place}; restart the app")

    async def connect(self) -> Streams:
        """A new connection to it. OSError when it does not listen or has ended."""
        if self._process is None or self._process.returncode is not None:
            raise ConnectionRefusedError
        if self._socket:
            return await asyncio.open_unix_connection(self._socket)
        return await asyncio.open_connection(LOOPBACK, self._port)

    async def ended(self) -> str:
        """Wait for its end; how it ended, for a person."""
        assert self._process is not None  # noqa: S101 - only called after start()
        code = await self._process.wait()
        return f"ended with status {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"

    async def stop(self, grace: float) -> None:
        """SIGTERM, and after `grace` seconds SIGKILL; take its socket away."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), grace)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._socket:
            self._socket.unlink(missing_ok=True)

    @property
    def _place(self) -> str:
        return str(self._socket) if self._socket else f"port {self._port}"

    async def _accepts(self) -> bool:
        try:
            _, writer = await self.connect()
        except OSError:
            return False
        writer.close()
        return True

    def _owns_port(self) -> bool:
        """Whether the command, or a process it started, listens: nobody else may get the site's requests.

        True where the system does not tell (macOS lets only root see others' connections).
        """
        if not sys.platform.startswith("linux") or self._process is None:
            return True
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self._process.pid)
            for process in (top, *top.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    for found in process.net_connections("tcp"):
                        if found.status == psutil.CONN_LISTEN and found.laddr.port == self._port:
                            return True
        return False


def _fill(word: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        word = word.replace(name, value)
    return word


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
