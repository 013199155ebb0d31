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

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from site_process import free_port

VARIABLE = "PORTICO_TEST_POSTGRES_URL"


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max(
        Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: float(path.parent.name)
    )


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server in which databases may be made; one started here ends with the block."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    programs = binaries()
    assert programs is not None
    user = "postgres" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="p-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)
        data, port = f"{folder}/data", free_port()
        subprocess.run(
            [programs / "initdb", "-D", data, "-A", "trust", "-U", "portico", "-E", "UTF8", "--no-sync"],
            user=user,
            check=True,
            capture_output=True,
            timeout=100,
            cwd=folder,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": folder,
            "max_connections": "400",
            # Nothing here has to outlive the machine.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "64MB",
        }
        options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, *options],
                user=user,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        try:
            url = f"postgresql+psycopg://portico@127.0.0.1:{port}/postgres"
            _wait(url, Path(folder) / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # without waiting for those who are connected
            process.wait(30)


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
