"""The example apps are folders, not packages: each is loaded as its own process would load it."""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

APPS = Path(__file__).resolve().parents[3] / "apps"


class Folder:
    """An app's folder, at the front of sys.path; `load` imports one of its modules."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, module: str) -> ModuleType:
        """The module of that name in this folder."""
        return importlib.import_module(module)


def _opened(path: Path) -> Iterator[Folder]:
    before = set(sys.modules)
    sys.path.insert(0, str(path))
    try:
        yield Folder(path)
    finally:
        sys.path.remove(str(path))
        for name in set(sys.modules) - before:
            if str(path) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]


@pytest.fixture(scope="module")
def sum_folder() -> Iterator[Folder]:
    yield from _opened(APPS / "sum")


@pytest.fixture(scope="module")
def dashboard_folder() -> Iterator[Folder]:
    yield from _opened(APPS / "dashboard")


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
