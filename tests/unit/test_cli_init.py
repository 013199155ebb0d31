"""`portico init`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portico.cli.init import command
from portico.errors import UserError
from portico.site import load
from portico.site.targets import check_targets

RUNNER = CliRunner()


def init(*arguments: str) -> Result:
    return RUNNER.invoke(command, arguments, standalone_mode=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "example-dashboards"
    (root / "apps/sales").mkdir(parents=True)
    (root / "apps/sales/app.py").write_text("from dash import Dash\n\napp = Dash(__name__)\n")
    (root / "stock.py").write_text(
        "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n"
    )
    monkeypatch.chdir(root)
    return root


def test_it_says_what_it_found_and_why_and_what_comes_next(folder: Path) -> None:
    assert init().output == (
        "APP    KIND   PATH    FOUND AT             BY\n"
        "sales  Dash   /sales  apps/sales/app.py:3  Dash(...)\n"
        "stock  Flask  /stock  stock.py:4           def create_app() with Flask(...)\n"
        "\n"
        "Wrote portico.toml with 2 apps. Next: portico serve\n"
    )


def test_the_file_it_writes_is_a_site_that_passes_the_check(folder: Path) -> None:
    init()
    site = load(folder, {})
    assert (site.name, [app.name for app in site.apps]) == ("Example dashboards", ["sales", "stock"])
    assert check_targets(site) == ()


def test_a_file_that_is_there_stays_as_it_is(folder: Path) -> None:
    (folder / "portico.toml").write_text("mine")
    error = init().exception
    assert isinstance(error, UserError)
    assert str(error) == 'portico.toml is already there and stays as it is; "portico check" tests it'
    assert (folder / "portico.toml").read_text() == "mine"


def test_a_folder_without_apps_gets_no_file(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "empty/late.py").write_text("import dash\n\nnames = [dash.Dash().title]\n")
    error = init("empty").exception
    assert isinstance(error, UserError)
    assert str(error).splitlines() == [
        "no app found in empty (1 Python file read); serve one that you know: portico serve path/to/app.py",
        "late.py:3: makes a Dash app that only the script sees; make it at the top of the file, or return it "
        "from a function create_app()",
    ]
    assert not (folder / "empty/portico.toml").exists()


def test_a_file_that_is_left_out_is_told(folder: Path) -> None:
    (folder / "broken.py").write_text("def x(:\n")
    assert "\nLeft out:\n  broken.py: line 1: invalid syntax\n" in init().output


def test_json_says_the_same(folder: Path) -> None:
    told = json.loads(init("--json").output)
    assert told["file"] == str(folder / "portico.toml")
    assert told["apps"][0] == {
        "name": "sales",
        "run": "apps/sales/app.py",
        "kind": "Dash",
        "where": "apps/sales/app.py:3",
        "why": "Dash(...)",
        "path": None,
        "folder": None,
    }


def test_a_folder_that_is_not_there_is_one_line(folder: Path) -> None:
    error = init("nowhere").exception
    assert isinstance(error, UserError)
    assert str(error) == "nowhere: no such folder"
