"""apps/dashboard: the real program over HTTP, at the root and under a prefix, with and without Portico."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "apps" / "dashboard"
START = """
import sys
sys.path.insert(0, sys.argv[1])
if sys.argv[3] == "without":
    sys.modules["portico"] = None
import app
app.app.run(host="127.0.0.1", port=int(sys.argv[2]))
"""


class Program:
    """The dashboard in a process of its own."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path)

    def call(self, path: str, body: object) -> tuple[int, dict]:
        status, text = self._ask("POST", path, json.dumps(body))
        return status, json.loads(text or "{}")

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(params=["at the root", "under a prefix"])
def program(request, dashboard_folder, free_port, tmp_path):
    prefix = "" if request.param == "at the root" else "/rain"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    if prefix:
        environment["DASH_URL_BASE_PATHNAME"] = f"{prefix}/"
    portico = "without" if prefix == "" else "with"
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(dashboard_folder.path), str(free_port), portico],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    running = Program(process, free_port)
    try:
        _wait_for(running, prefix)
        yield running, prefix
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(program: Program, prefix: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert program.process.poll() is None, "the app ended at once"
        try:
            if program.get(f"{prefix}/")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the app did not answer within 60 s")


OVERVIEW = "..comparisons.children...temperature.figure...rain-by-month.figure...kinds-of-day.figure.."


def test_pages_links_and_callbacks_carry_the_prefix_and_answer(program):
    running, prefix = program
    layout = json.loads(running.get(f"{prefix}/_dash-layout")[1])
    links = set(_values(layout, "href"))
    for page in ("", "explore", "days", "certainty", "about"):
        assert f"{prefix}/{page}" in links
        assert running.get(f"{prefix}/{page}")[0] == 200
    outputs = [
        {"id": part.rsplit(".", 1)[0], "property": part.rsplit(".", 1)[1]}
        for part in OVERVIEW.strip(".").split("...")
    ]
    status, answer = running.call(
        f"{prefix}/_dash-update-component",
        {
            "output": OVERVIEW,
            "outputs": outputs,
            "inputs": [
                {"id": "selection", "property": "data", "value": {"months": [6], "kinds": ["nonsense"]}}
            ],
            "changedPropIds": ["selection.data"],
        },
    )
    assert status == 200
    bars = answer["response"]["rain-by-month"]["figure"]["data"]
    assert [bar["name"] for bar in bars] == ["Seattle", "New York"]
    assert bars[0]["marker"]["opacity"].count(1) == 1


def test_nothing_is_fetched_from_other_hosts(program):
    running, prefix = program
    page = running.get(f"{prefix}/")[1]
    for address in re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="([^"]*)"', page):
        assert address.startswith(f"{prefix}/")
    style = (FOLDER / "assets" / "dashboard.css").read_text()
    assert "url(" not in style
    assert "@import" not in style


def test_a_signed_in_person_is_named_by_a_callback_and_nobody_is_named_otherwise(
    dashboard_folder, monkeypatch
):
    shell = dashboard_folder.load("shell")

    class Person:
        is_authenticated = True
        name = "Ada Example"
        email = "ada@example.org"

    monkeypatch.setattr(shell, "current_user", Person())
    assert [span.children for span in shell.show_person("person")] == ["AE", "Ada Example"]
    Person.is_authenticated = False
    assert shell.show_person("person") == []
    monkeypatch.setattr(shell, "current_user", None)
    assert shell.show_person("person") == []


def _values(tree: object, key: str) -> Iterator[object]:
    """Everything under that key, anywhere in the JSON value."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _values(value, key)
