"""`portico dev`: which files are code, and which apps a changed file concerns."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchfiles import Change

from portico.serve.watch import Code, concerned
from portico.site import load


@pytest.mark.parametrize(
    "path", ["app.py", "pages/home.py", "assets/style.css", "templates/index.html", "data.csv"]
)
def test_what_an_app_is_made_of_counts(path: str) -> None:
    """Code, pages, styles, templates, data."""
    assert Code()(Change.modified, f"/srv/sales/{path}")


@pytest.mark.parametrize(
    "path",
    ["__pycache__/app.pyc", "cache/cache.db", ".portico/run/pids.json", "app.db-wal", ".git/HEAD", "app.log"],
)
def test_caches_and_databases_do_not_count(path: str) -> None:
    """What a running app writes must not restart it."""
    assert not Code()(Change.modified, f"/srv/sales/{path}")


def test_a_file_belongs_to_the_nearest_app(tmp_path: Path) -> None:
    """Apps in one folder share its files; an app in a folder below has its own."""
    (tmp_path / "below").mkdir()
    for name in ("one.py", "two.py", "below/three.py"):
        (tmp_path / name).touch()
    toml = "".join(
        f'[apps.{n}]\nrun = "{p}"\n'
        for n, p in (("one", "one.py"), ("two", "two.py"), ("three", "below/three.py"))
    )
    (tmp_path / "portico.toml").write_text(toml, encoding="utf-8")
    site = load(tmp_path / "portico.toml", {})
    assert set(concerned(site, [tmp_path / "one.py"])) == {"one", "two"}
    assert set(concerned(site, [tmp_path / "below" / "three.py"])) == {"three"}
    assert concerned(site, [tmp_path / "portico.toml", Path("/elsewhere/x.py")]) == {}
