"""The first requirements.txt: what a folder's files import, as packages of the environment that runs."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from portico.kit import imported
from portico.kit.own_files import requirement_problem, requirements


def names(root: Path) -> list[str]:
    """The names of the packages that the files in the folder import."""
    return [package.name for package in imported(root).packages]


def test_modules_become_packages_in_the_versions_installed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import jwt\nfrom argon2 import PasswordHasher\nimport flask.json\n")
    assert [package.pin for package in imported(tmp_path).packages] == [
        f"argon2-cffi=={version('argon2-cffi')}",
        f"flask=={version('flask')}",
        f"pyjwt=={version('pyjwt')}",
    ]


def test_the_standard_library_portico_and_the_project_s_own_modules_are_none(tmp_path: Path) -> None:
    (tmp_path / "apps/sales/charts").mkdir(parents=True)
    (tmp_path / "apps/sales/charts/bars.py").write_text("")
    (tmp_path / "apps/sales/figures.py").write_text("")
    (tmp_path / "shared.py").write_text("")
    (tmp_path / "apps/sales/app.py").write_text(
        "import json, os.path\nimport figures, shared\nfrom charts import bars\nfrom . import x\n"
        "from portico import current_user\nfrom apps.sales import figures\n"
    )
    assert imported(tmp_path).packages == ()
    assert imported(tmp_path).unknown == ()


def test_a_folder_named_like_a_package_does_not_hide_it(tmp_path: Path) -> None:
    """Python too prefers the installed package to a folder without __init__.py."""
    (tmp_path / "flask").mkdir()
    (tmp_path / "flask/app.py").write_text("import flask\n")
    assert names(tmp_path) == ["flask"]


def test_a_module_that_is_not_installed_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import unheard_of.things\n")
    found = imported(tmp_path)
    assert found.unknown == (("unheard_of", "app.py"),)
    assert re.search(
        r"^# unheard_of +# app\.py: not installed", requirements(found, "1.0", False), re.MULTILINE
    )


def test_what_a_file_can_do_without_is_needed_only_where_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from typing import TYPE_CHECKING\ntry:\n    import unheard_of\n    import flask\nexcept ImportError:\n    pass\n"
        "if TYPE_CHECKING:\n    import also_unheard_of\n"
    )
    assert names(tmp_path) == ["flask"]
    assert imported(tmp_path).unknown == ()


def test_of_packages_that_share_a_namespace_only_the_one_with_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`google.cloud.storage` is not every package that begins with google."""
    for name, module in (("family-first", "family/first"), ("family-second", "family/second")):
        info = tmp_path / f"packages/{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "RECORD").write_text(f"{module}/__init__.py,,\n")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/app.py").write_text("from family import second\n")
    assert names(tmp_path / "site") == ["family-second"]


def test_a_package_from_a_folder_is_not_asked_of_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name may be somebody else's there."""
    info = tmp_path / "packages/housetools-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: housetools\nVersion: 1.0\n")
    (info / "RECORD").write_text("housetools.py,,\n")
    (info / "direct_url.json").write_text('{"url": "file:///srv/housetools", "dir_info": {}}')
    monkeypatch.syspath_prepend(tmp_path / "packages")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/app.py").write_text("import housetools\n")
    text = requirements(imported(tmp_path / "site"), "1.0", False)
    assert "# from file:///srv/housetools, not from an index: housetools==1.0" in text


@pytest.mark.parametrize(
    ("source", "extras"),
    [
        ("import dash\nmanager = dash.DiskcacheManager(None)\n", "[diskcache]"),
        ("from dash import CeleryManager\nmanager = CeleryManager(None)\n", "[celery]"),
        ("import dash\napp = dash.Dash(backend='fastapi')\n", "[fastapi]"),
        ("import dash\napp = dash.Dash()\n", ""),
    ],
)
def test_dash_gets_the_extras_that_a_file_uses(tmp_path: Path, source: str, extras: str) -> None:
    (tmp_path / "app.py").write_text(source)
    assert [package.pin for package in imported(tmp_path).packages] == [f"dash{extras}=={version('dash')}"]


def test_a_file_that_is_no_python_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import (\n")
    assert imported(tmp_path).packages == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("portico[postgres]==1.0\n", None),
        ("portico[postgres,jobs]==1.0 \\\n    --hash=sha256:00\n", None),
        ("portico==1.0\npsycopg[binary]==3\n", None),
        ("portico>=0.9\npsycopg\n", None),
        (
            "flask\nportico-extra==1\n",
            "requirements.txt does not name portico; it needs a line portico[postgres]==1.0",
        ),
        ("portico[postgres]==0.9\n", "requirements.txt has portico==0.9, and this is portico 1.0"),
        (
            "portico==1.0\n",
            "requirements.txt needs portico[postgres]: docker-compose.yml keeps the accounts in PostgreSQL",
        ),
    ],
)
def test_portico_s_line_in_an_own_requirements_file_is_looked_at(text: str, problem: str | None) -> None:
    assert requirement_problem(text, "1.0", True) == problem
