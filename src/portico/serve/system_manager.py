"""What systemd is told where it started the site: ready, reloading, stopping, still alive (sd_notify)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Iterator, MutableMapping


class SystemManager:
    """Speaks to the socket that systemd named; where there is none, it says nothing."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        """Take systemd's variables out of `environ`: they are meant for this process, not for gate and apps."""
        self._address = environ.pop("NOTIFY_SOCKET", "")
        period, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        watched = period.isdigit() and pid in ("", str(os.getpid()))
        self._pause = int(period) / 2_000_000 if watched else None

    def ready(self, status: str) -> None:
        """The site answers; `status` is what `systemctl status` shows."""
        self._say("READY=1", f"STATUS={status}")

    def stopping(self) -> None:
        """The site finishes what is in flight."""
        self._say("STOPPING=1", "STATUS=Stopping")

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """The site is read again; at the end it is ready as before, changed or not."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            yield
        finally:
            self._say("READY=1")

    async def watchdog(self) -> None:
        """Say twice in each period that the event loop still turns; systemd restarts a site that does not."""
        while self._pause:
            self._say("WATCHDOG=1")
            await asyncio.sleep(self._pause)

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto("\n".join(lines).encode(), name)
