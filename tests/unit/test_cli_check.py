"""`portico check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portico.cli.check import command
from portico.errors import UserError

RUNNER = CliRunner()


def check(*arguments: str) -> Result:
    return RUNNER.invoke(command, arguments, standalone_mode=False)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text("app = None\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_good_file_is_one_line(folder: Path) -> None:
    (folder / "portico.toml").write_text('[apps]\na = "app.py"\nb = "app.py:app"\n')
    result = check()
    assert (result.output, result.return_value) == ("portico.toml: 2 apps, no problems\n", 0)


def test_problems_of_the_file_and_of_what_it_runs_are_told_together(folder: Path) -> None:
    (folder / "portico.toml").write_text(
        '[apps.a]\nrun = "app.py:ap"\nacess = "public"\n[apps.b]\nrun = "b.py"\n'
    )
    result = check("portico.toml")
    assert result.output.splitlines() == [
        'apps.a.acess: unknown key; did you mean "access"?',
        'apps.b.run: no such file: "b.py"',
        'apps.a.run: no "ap" in app.py; did you mean "app"?',
        "portico.toml: 3 problems",
    ]
    assert result.return_value == 1


def test_a_slip_in_the_syntax_is_one_problem(folder: Path) -> None:
    (folder / "portico.toml").write_text("[site]\nname = Sales\n")
    result = check(str(folder))
    assert result.output.splitlines() == [
        'portico.toml:2:8: invalid value; text stands in quotes: name = "Sales"',
        "portico.toml: 1 problem",
    ]
    assert result.return_value == 1


def test_json_names_the_file_the_apps_and_the_problems(folder: Path) -> None:
    (folder / "portico.toml").write_text('[apps]\na = "app.py"\nb = "b.py"\n')
    result = check("--json")
    assert json.loads(result.output) == {
        "file": str(folder / "portico.toml"),
        "apps": [{"name": "a", "run": "app.py", "path": "/a"}],
        "problems": ['apps.b.run: no such file: "b.py"'],
        "warnings": [],
    }
    assert result.return_value == 1


def test_a_misspelt_variable_is_a_warning_not_a_problem(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "portico.toml").write_text('[apps]\na = "app.py"\n')
    monkeypatch.setenv("PORTICO_DATABSE_URL", "sqlite:///x.db")
    result = check()
    assert result.output.splitlines() == [
        'PORTICO_DATABSE_URL: Portico reads no such variable; did you mean "PORTICO_DATABASE_URL"?',
        "portico.toml: 1 app, no problems",
    ]
    assert result.return_value == 0


def test_the_file_is_found_from_a_folder_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "portico.toml").write_text('[apps]\na = "app.py"\n')
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    assert check().output == f"{folder}/portico.toml: 1 app, no problems\n"


def test_no_file_at_all_says_how_to_get_one() -> None:
    error = check().exception
    assert isinstance(error, UserError)
    assert str(error) == "no portico.toml here or in a folder above; `portico init` writes one"


def test_no_app_is_imported(folder: Path) -> None:
    (folder / "app.py").write_text("import pathlib\npathlib.Path('imported').touch()\napp = None\n")
    (folder / "portico.toml").write_text('[apps]\na = "app.py:app"\nb = "app:app"\n')
    assert check().return_value == 0
    assert not (folder / "imported").exists()


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ('sign_up = "open"', True),
        ('sign_up = "ask"', False),
        ('sign_up = "open"\n[mail]\nurl = "smtp://mail.example.com"', False),
    ],
)
def test_a_register_form_that_tells_who_has_an_account_is_a_warning(
    folder: Path, more: str, warned: bool
) -> None:
    """On this machine alone nobody asks; elsewhere it takes mail, or another rule."""
    for url, elsewhere in (("https://apps.example.com", True), ("http://localhost:8000", False)):
        (folder / "portico.toml").write_text(f'[apps]\na = "app.py"\n[site]\nurl = "{url}"\n{more}\n')
        result = check()
        assert ("who has an account" in result.output) == (warned and elsewhere)
        assert result.return_value == 0


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("postgresql+psycopg://portico:secret@db.example.com/portico", True),
        ("postgresql://portico:secret@db.example.com/portico?sslmode=prefer", True),
        ("postgresql://portico:secret@db.example.com/portico?sslmode=verify-full", False),
        ("postgresql://portico:secret@localhost/portico", False),
        ("postgresql:///portico?host=/run/postgresql", False),
    ],
)
def test_a_database_elsewhere_that_may_be_asked_in_the_clear_is_a_warning(
    folder: Path, monkeypatch: pytest.MonkeyPatch, url: str, warned: bool
) -> None:
    """And its password is not said."""
    (folder / "portico.toml").write_text('[apps]\na = "app.py"\n')
    monkeypatch.setenv("PORTICO_DATABASE_URL", url)
    result = check()
    assert ("unencrypted" in result.output) == warned
    assert "secret" not in result.output
    assert result.return_value == 0
