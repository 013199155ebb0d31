"""`portico dev`: Flask's debugger in the app's own process."""

from __future__ import annotations

from typing import Any

import pytest

APP = """
from flask import Flask, current_app
app = Flask(__name__)

@app.get("/")
def index():
    return str(current_app.debug)

@app.get("/broken")
def broken():
    return 1 / 0
"""


@pytest.mark.parametrize("dev", [False, True])
def test_error_pages_show_code_in_development_only(start: Any, write: Any, dev: bool) -> None:
    write("app.py", APP)
    worker = start("app.py", dev=dev)
    worker.ready()
    assert worker.get("/").text == str(dev)
    answer = worker.get("/broken", Host="localhost:8000")
    assert answer.status == 500
    assert ("Werkzeug Debugger" in answer.text) is dev
    assert ("return 1 / 0" in answer.text) is dev
    assert "ZeroDivisionError" in worker.output


def test_the_debugger_runs_no_code_for_another_host(start: Any, write: Any) -> None:
    """A page elsewhere that makes the browser ask us by another name gets nothing."""
    write("app.py", APP)
    worker = start("app.py", dev=True)
    worker.ready()
    query = "/?__debugger__=yes&cmd=1&frm=0&s=x"
    assert worker.get(query, Host="evil.example.org").status in (200, 400)
    assert worker.get(query, Host="evil.example.org").text in ("True", "")
