"""A folder with files in it, and the lines that its site file is answered with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from portico.site import Site, SiteError, load

Write = Callable[[Mapping[str, str]], Path]
Read = Callable[..., Site]
Lines = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files, by their path and text, into the test's folder."""

    def write_all(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text), encoding="utf-8")
        return tmp_path

    return write_all


@pytest.fixture
def read(write: Write, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Loads a portico.toml with this text; app.py and apps/sales/app.py are there."""

    def read_text(text: str, **environ: str) -> Site:
        root = write({"app.py": "app = None\n", "apps/sales/app.py": "app = None\n", "portico.toml": text})
        monkeypatch.chdir(root)
        return load(Path("portico.toml"), environ)

    return read_text


@pytest.fixture
def lines(read: Read) -> Lines:
    """The problems of a portico.toml with this text, one line each."""

    def read_problems(text: str, **environ: str) -> list[str]:
        with pytest.raises(SiteError) as caught:
            read(text, **environ)
        assert str(caught.value).splitlines() == list(caught.value.problems)
        return list(caught.value.problems)

    return read_problems
