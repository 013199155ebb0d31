"""A real PostgreSQL server for tests: the one that PORTICO_TEST_POSTGRES_URL names, or one started here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from site_process import free_port

VARIABLE = "PORTICO_TEST_POSTGRES_URL"
SETTINGS = {
    "max_connections": "400",
    # Nothing here has to outlive the machine.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "10min",  # else a process of its own looks into hundreds of small databases
}


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max(
        Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: float(path.parent.name)
    )


class Server:
    """A server in a folder of its own, started when the block begins; it can be stopped and started again."""

    def __init__(self) -> None:
        programs = binaries()
        assert programs is not None
        self._programs = programs
        self._user = "postgres" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
        self._folder = tempfile.TemporaryDirectory(prefix="p-pg-", dir="/tmp", ignore_cleanup_errors=True)
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://portico@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Self:
        folder = self._folder.name
        if self._user:
            shutil.chown(folder, self._user)
        command = [str(self._programs / "initdb"), "-D", f"{folder}/data", "-A", "trust", "-U", "portico"]
        subprocess.run(
            [*command, "-E", "UTF8", "--no-sync"],
            user=self._user,
            check=True,
            capture_output=True,
            timeout=100,
            cwd=folder,
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = self._folder.name
        settings = {
            **SETTINGS,
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": folder,
        }
        options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
        log = Path(folder) / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", f"{folder}/data", *options],
                user=self._user,
                stdout=output,
                stderr=output,
                cwd=folder,
            )
        _wait(self.url, log)

    def stop(self) -> None:
        """End it without waiting for those who are connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server in which databases may be made; one started here ends with the block."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    with Server() as started:
        yield started.url


def _wait(url: str, log: Path) -> None:
    engine = create_engine(url)
    deadline = time.monotonic() + 30
    while True:
        try:
            engine.connect().close()
            engine.dispose()
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"PostgreSQL did not start:\n{log.read_text('utf-8', 'replace')}"
                ) from None
            time.sleep(0.1)
