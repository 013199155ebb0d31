"""The files that Portico carries for other places: from the wheel, or from the checkout that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from portico.errors import UserError
from portico.kit.places import PLACES

_PACKAGED = Path(__file__).parent / "files"
_CHECKOUT = Path(__file__).parents[3]
_NO_FILES = (
    "this installation of Portico carries no files for other places (an image's does not); run `portico init` where "
    "Portico was installed with pip"
)


def carried(places: Iterable[str]) -> dict[str, bytes]:
    """The content of each file that these places take, by its path in a site's folder; sorted."""
    source = _source()
    files: dict[str, bytes] = {}
    for name in sorted({name for place in places for name in PLACES[place]}):
        files |= {file.relative_to(source).as_posix(): file.read_bytes() for file in _files(source / name)}
    return files


def _source() -> Path:
    if _PACKAGED.is_dir():
        return _PACKAGED
    if (_CHECKOUT / "src/portico/kit").is_dir() and (_CHECKOUT / "Dockerfile").is_file():
        return _CHECKOUT
    raise UserError(_NO_FILES)


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or every file below the folder; what editors and Python leave there is no part of it."""
    if path.is_dir():
        for below in sorted(path.iterdir()):
            if below.name != "__pycache__" and not below.name.endswith(("~", ".swp", ".pyc")):
                yield from _files(below)
    else:
        yield path
