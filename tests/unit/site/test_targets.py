"""Checking what `run` names without importing it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from portico.site import load
from portico.site.targets import check_targets

FILES = {
    "shop.py": "from flask import Flask\napp = Flask('x')\ndef create_app(): ...\ndef make(config): ...\n"
    "if __name__ == '__main__':\n    late = Flask('y')\n",
    "dynamic.py": "from shop import *\n",
    "broken.py": "def x(:\n",
    "web/__init__.py": "raise RuntimeError('checking must not import')\n",
    "web/main.py": "app = None\n",
    "web/views.py": "",
}


@pytest.fixture
def problems(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def of(settings: str) -> tuple[str, ...]:
        write({**FILES, "portico.toml": f"[apps.a]\n{settings}\n"})
        monkeypatch.chdir(tmp_path)
        return check_targets(load(tmp_path, {}))

    return of


@pytest.mark.parametrize(
    "run",
    [
        "shop.py",
        "shop.py:app",
        "shop.py:app.server",
        "shop.py:create_app()",
        "shop:create_app()",
        "dynamic.py:anything",
        "web.main:app",
        "web:views",
        "json:dumps",
        "python3 -m http.server {port}",
    ],
)
def test_what_can_work_is_no_problem(problems, run: str) -> None:
    assert problems(f'run = "{run}"') == ()


@pytest.mark.parametrize(
    ("run", "line"),
    [
        ("shop.py:ap", 'no "ap" in shop.py; did you mean "app"?'),
        ("shop.py:zzz", 'no "zzz" in shop.py'),
        ("shop.py:make()", "make() needs arguments (config); a factory is called without any"),
        ("shop.py:create_app", '"create_app" is a function; to serve what it returns, write "create_app()"'),
        (
            "shop.py:late",
            '"late" exists only when shop.py is run as a script (line 6); make it at the top of the file',
        ),
        ("broken.py", "broken.py: line 1: invalid syntax"),
        ("shp:app", 'no module "shp" in . or in this Python; did you mean "shop"?'),
        ("web.man:app", 'no module "web.man" in web; did you mean "main"?'),
        ("web.main:ap", 'no "ap" in web/main.py; did you mean "app"?'),
        ("./start.sh {port}", 'no such program: "./start.sh"'),
        ("no-such-program {port}", f'no program "no-such-program" on PATH or beside {sys.executable}'),
    ],
)
def test_what_cannot_work_is_one_line(problems, run: str, line: str) -> None:
    assert problems(f'run = "{run}"') == (f"apps.a.run: {line}",)


def test_a_module_of_another_interpreter_cannot_be_seen_and_is_believed(problems, tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    assert problems('run = "elsewhere.main:app"\npython = "./python"') == ()


def test_a_program_beside_the_apps_interpreter_is_found(problems, tmp_path: Path) -> None:
    for name in ("python", "serve-it"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert problems('run = "serve-it {port}"\npython = "./python"') == ()
