"""Imports point one way: cli -> deploy, serve, doctor, kit -> gate, identity -> site -> errors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "portico"

# What each room may import. `gate` and `serve` meet on sockets only.
MAY_IMPORT = {
    "errors": set(),
    "site": {"errors"},
    "identity": {"errors"},
    "gate": {"site", "identity", "errors"},
    "serve": {"site", "identity", "errors"},
    "doctor": {"site", "errors"},
    "kit": {"site", "errors"},
    "deploy": {"site", "errors"},
    "cli": {"deploy", "serve", "doctor", "kit", "gate", "identity", "site", "errors"},
    "__init__": {"identity", "errors"},
    "__main__": {"cli"},
}


def room(path: Path) -> str:
    """The top-level room a file stands in."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms of Portico that a file imports, anywhere in it."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(SRC.parent).with_suffix("").parts[: -node.level]
            names = [".".join([*package, node.module or "", alias.name]) for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("portico.")}
    return rooms


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda path: str(path.relative_to(SRC)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    """A room imports itself and the rooms that DESIGN.md places below it, nothing else."""
    own = room(path)
    known = {name for name in MAY_IMPORT if not name.startswith("__")}
    assert (imported_rooms(path) & known) - {own} <= MAY_IMPORT[own]


@pytest.mark.parametrize(
    ("start", "heavy"),
    [
        (
            "from portico import current_user",
            ["sqlalchemy", "flask_security", "portico.gate", "portico.serve", "dash"],
        ),
        ("import portico.serve.supervisor", ["flask", "sqlalchemy", "portico.gate", "dash", "granian"]),
        ("import portico.cli", ["flask", "sqlalchemy", "jinja2", "granian", "asyncio"]),
    ],
)
def test_what_must_stay_light_stays_light(start: str, heavy: list[str]) -> None:
    """App code gets no gate, the supervisor no database, `portico --help` next to nothing."""
    probe = f"{start}\nimport sys\nprint(*[name for name in {heavy!r} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert loaded.stdout.split() == []
