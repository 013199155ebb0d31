"""Rules about the code itself: names, sizes, sentences, and what must never stand in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def tracked() -> list[Path]:
    """Every text file that git knows or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [ROOT / name for name in listing.stdout.split("\n") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_subject_and_functions_fit_a_screen(path: Path) -> None:
    """No drawer names, no file over 400 lines, no function over 60, and each public thing says what it does."""
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    tree = ast.parse(text)
    assert not tree.body or ast.get_docstring(tree), "the file does not say what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} does not fit a screen"
    for node in tree.body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} does not say what it does"


def test_no_registry_host_and_no_path_of_one_machine() -> None:
    """The repository names no package registry's host and no folder of the machine it was written on."""
    hosts = re.compile(
        "py" r"pi\.org|python" r"hosted\.|deb\.deb" r"ian\.|security\.deb" r"ian\.|npm" r"js\."
    )
    home = str(ROOT.parent) + "/"
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "ignore")
        if hosts.search(text) or (len(home) > 3 and home in text):
            found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_locks_are_hashed_and_name_no_index() -> None:
    """Each requirement of the lock files is pinned by hash, and none says where to fetch it."""
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index" not in text
        pins = re.findall(r"^[a-z0-9A-Z._-]+(?:\[[^\]]*\])?==", text, re.MULTILINE)
        blocks = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE)
        assert pins
        assert all("--hash=sha256:" in block for block in blocks if block.strip())


def test_no_secret_or_database_is_tracked() -> None:
    """No database, key or state directory is in the repository."""
    names = [str(path.relative_to(ROOT)) for path in tracked()]
    assert [
        n for n in names if n.endswith((".db", ".sqlite", ".pem", ".key")) or n.startswith(".portico/")
    ] == []
