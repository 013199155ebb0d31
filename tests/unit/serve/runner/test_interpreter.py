"""Apps with a Python of their own, which knows nothing of Portico."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from portico.serve.runner import interpreter

APP = """
import sys
import only_here
from portico import current_user

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{only_here.WORD}|{current_user.name}|{sys.prefix}".encode()]
"""


@pytest.fixture(scope="module")
def own_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new virtual environment with one module in it, and neither Portico nor Granian."""
    home = tmp_path_factory.mktemp("own") / "venv"
    venv.create(home, symlinks=True)
    folder = next(home.glob("lib/python*/site-packages"))
    (folder / "only_here.py").write_text("WORD = 'hello'\n")
    return home / "bin" / "python"


def test_an_app_runs_in_its_own_python_with_the_modules_lent_that_it_lacks(
    start: Any, write: Any, signer: Any, own_python: Path
) -> None:
    write("app.py", APP)
    worker = start("app.py", command=interpreter.command_line(own_python))
    worker.ready()
    answer = worker.get("/", X_Portico_Identity=signer.token())
    assert answer.text == f"hello|Ada|{own_python.parent.parent}"


def test_nothing_else_of_portico_s_environment_is_lent(start: Any, write: Any, own_python: Path) -> None:
    write("app.py", "import flask\n")
    worker = start("app.py", command=interpreter.command_line(own_python))
    reason = worker.event()["reason"]
    assert reason.startswith(
        'app.py needs the module "flask" (app.py, line 1), which this Python does not have: '
    )
    assert reason.endswith(f"{own_python} -m pip install flask")


def test_a_module_of_the_apps_own_environment_wins_over_a_lent_one(
    start: Any, write: Any, own_python: Path
) -> None:
    folder = next(own_python.parent.parent.glob("lib/python*/site-packages"))
    (folder / "pycparser.py").write_text("MINE = True\n")
    write("app.py", "import pycparser\nassert pycparser.MINE\n" + APP)
    worker = start("app.py", command=interpreter.command_line(own_python))
    worker.ready()


def test_a_python_of_another_kind_is_told_what_to_install(start: Any, write: Any, own_python: Path) -> None:
    """Binary modules are lent only to a Python that loads the same kind."""
    write("app.py", APP)
    python, bootstrap, _, *folders = interpreter.command_line(own_python)
    worker = start("app.py", command=[python, bootstrap, ".cpython-399-none.so", *folders])
    assert worker.event() == {
        "event": "failed",
        "reason": f"apps.app.python: {own_python} has no granian; "
        f"run: {own_python} -m pip install granian cryptography pyjwt",
    }
    assert worker.wait() == 1


def test_the_bootstrap_is_readable_for_an_old_python() -> None:
    """It must be able to say that the Python is too old, so it must be parsed by one."""
    check = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"
    subprocess.run([sys.executable, "-c", check, str(interpreter.BOOTSTRAP)], check=True)


def test_an_app_without_a_python_runs_in_portico_s(start: Any, write: Any) -> None:
    assert interpreter.command_line(None) == (sys.executable, "-P", "-m", "portico.serve.runner")


def test_children_of_the_app_are_not_runners(start: Any, write: Any, own_python: Path) -> None:
    """A process that multiprocessing spawns imports the app again, and serves nothing."""
    write(
        "app.py",
        "import json, multiprocessing\ndef work(n):\n    return n * 2\n"
        "def app(environ, start_response):\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        answer = pool.map(work, [1, 2])\n"
        "    start_response('200 OK', [])\n    return [json.dumps(answer).encode()]\n",
    )
    for command in (interpreter.command_line(own_python), ()):
        worker = start("app.py", command=command)
        worker.ready()
        assert json.loads(worker.get("/").text) == [2, 4]
