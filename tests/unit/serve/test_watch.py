"""`portico dev`: which files are code, which apps a changed file concerns, and that no change is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from watchfiles import Change

from portico.errors import UserError
from portico.serve.reload import NOTHING
from portico.serve.watch import Code, concerned, watch
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


class Watched:
    """What stands for the supervisor: reads the site again, writes down what is said, and ends the watch by a word."""

    def __init__(self, file: Path) -> None:
        self.site = load(file, {})
        self.logs = self
        self.said: list[str] = []
        self.readings = 0
        self.then: Callable[[], object] = lambda: None  # after each reading

    def say(self, text: str) -> None:
        """Write it down."""
        self.said.append(text)

    async def reload(self) -> str:
        """Read the file again."""
        self.readings += 1
        site, before = load(self.site.file or Path(), {}), self.site
        if site != before:
            self.site = site
        self.then()
        return NOTHING if site == before else f"now it is {site.name}"

    async def restart(self, name: str) -> str:
        """Not asked for here."""
        raise AssertionError(name)


def written(file: Path, name: str) -> Path:
    """A site file with this name in it."""
    file.write_text(f'[site]\nname = "{name}"\n', encoding="utf-8")
    return file


def watched(supervisor: Watched, enough: Callable[[], bool]) -> list[str]:
    """What is said until it is enough."""

    async def until() -> None:
        watching = asyncio.ensure_future(watch(supervisor))  # type: ignore[arg-type]
        while not enough():
            done, _ = await asyncio.wait([watching], timeout=0.01)
            assert not done, watching
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(asyncio.wait_for(until(), 20))
    return supervisor.said


def test_what_was_written_while_the_site_was_starting_is_not_missed(tmp_path: Path) -> None:
    """Between the reading of portico.toml and the watch there is a second or two."""
    supervisor = Watched(written(tmp_path / "portico.toml", "One"))
    written(tmp_path / "portico.toml", "Two")
    assert watched(supervisor, lambda: bool(supervisor.said)) == ["portico.toml changed: now it is Two"]


def test_what_is_written_while_it_is_read_again_is_not_missed(tmp_path: Path) -> None:
    """Also when the site that was read is another one, and the watch begins anew with it."""
    supervisor = Watched(written(tmp_path / "portico.toml", "One"))
    more = iter(("Three",))
    supervisor.then = lambda: [written(tmp_path / "portico.toml", name) for name in more]
    written(tmp_path / "portico.toml", "Two")
    assert watched(supervisor, lambda: len(supervisor.said) > 1) == [
        "portico.toml changed: now it is Two",
        "portico.toml changed: now it is Three",
    ]


def test_a_mistake_from_while_the_site_was_starting_is_said_and_its_repair_is_seen(tmp_path: Path) -> None:
    """The site goes on as it was read."""
    supervisor = Watched(written(tmp_path / "portico.toml", "One"))
    (tmp_path / "portico.toml").write_text("[site", encoding="utf-8")
    with pytest.raises(UserError) as wrong:
        load(tmp_path / "portico.toml", {})

    def enough() -> bool:
        if len(supervisor.said) == 1 and supervisor.readings == 1:
            written(tmp_path / "portico.toml", "Two")
        return len(supervisor.said) > 1

    assert watched(supervisor, enough) == [str(wrong.value), "portico.toml changed: now it is Two"]


def test_a_start_without_changes_says_nothing(tmp_path: Path) -> None:
    """The file is read again once, and that is all."""
    supervisor = Watched(written(tmp_path / "portico.toml", "One"))
    assert watched(supervisor, lambda: supervisor.readings == 1) == []
