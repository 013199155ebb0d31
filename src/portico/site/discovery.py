"""Finding the apps in a folder from their source, for `portico init`. Imports nothing, runs nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from portico.site import imports
from portico.site.naming import name_of, slug, unique
from portico.site.recognise import Recognised, is_page, made_too_late, recognise, uses_pages
from portico.site.runs import ENTRY_FILES
from portico.site.source import Source, Unreadable

_SKIPPED = frozenset(
    (
        "node_modules",
        "site-packages",
        "__pycache__",
        "tests",
        "test",
        "venv",
        "env",
        "build",
        "dist",
        "migrations",
    )
)
# How a script is served by its own program.
_COMMANDS = {
    "Streamlit": "streamlit run {file} --server.port {{port}} --server.address 127.0.0.1 --server.headless true "
    "--server.baseUrlPath={{prefix}}",
    "Panel": "panel serve {file} --port {{port}} --address 127.0.0.1 --prefix={{prefix}}",
}
_LARGEST = 1_000_000  # bytes; a larger Python file is generated data


@dataclass(frozen=True, slots=True)
class Found:
    """One app found in a folder.

    `run` is its value for portico.toml, `folder` that setting where it is needed, `path` the path
    that the app itself names. `kind`, `where`, `why` are for people: "Dash", "sales/app.py:12", "Dash(...)".
    """

    name: str
    run: str
    kind: str
    where: str
    why: str
    path: str | None = None
    folder: str | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a folder holds: apps, and a line for each file with an app that cannot be served as it is."""

    apps: tuple[Found, ...]
    notes: tuple[str, ...]
    files: int


def discover(root: Path) -> Discovery:
    """The apps in the folder `root` and below it."""
    root = Path(os.path.abspath(root))  # noqa: PTH100 - as the site file sees it
    sources: dict[Path, Source] = {}
    notes: list[str] = []
    for file in python_files(root):
        try:
            sources[file] = Source.read(file)
        except Unreadable as reason:
            notes.append(f"{_shown(file, root)}: {reason}")
    graph = imports.graph(sources, root)
    entries = _entries(sources, graph)
    names = _names(list(entries), root)
    found = [_found(names[file], sources[file], entries[file], root) for file in sorted(entries)]
    served = set(entries) | imports.reachable(graph, entries)
    notes += [note for file, source in sources.items() if file not in served if (note := _note(source, root))]
    return Discovery(_on_own_paths(found), tuple(notes), len(sources))


def python_files(root: Path) -> Iterator[Path]:
    """The Python files of a project: no hidden folders, virtual environments, installed packages or tests."""
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        if here != root and "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".py") and not _is_test(name) and _is_readable(here / name):
                yield here / name


def _is_readable(file: Path) -> bool:
    try:
        return file.stat().st_size <= _LARGEST
    except OSError:  # a link to nothing
        return False


def _is_test(name: str) -> bool:
    return name.startswith(("test_", ".")) or name.endswith("_test.py") or name in ("conftest.py", "setup.py")


def _entries(sources: dict[Path, Source], graph: imports.Graph) -> dict[Path, Recognised]:
    """The files to serve: those with an app that no other such file brings along by importing it."""
    found = {
        file: seen
        for file, source in sources.items()
        if (seen := recognise(source)) and (uses_pages(source) or not is_page(source))
    }
    pages = [file.parent / "pages" for file in found if _has_pages(sources[file], found[file])]
    found = {
        file: seen for file, seen in found.items() if not any(folder in file.parents for folder in pages)
    }
    found |= imports.importers(sources, graph, found)
    kept = {
        file: seen
        for file, seen in found.items()
        if not any(other != file and _brings(other, file, graph) for other in found)
    }
    return _without_twins(kept, graph, found)


def _has_pages(source: Source, seen: Recognised) -> bool:
    return seen.kind == "Streamlit" or uses_pages(source)


def _brings(other: Path, file: Path, graph: imports.Graph) -> bool:
    """Whether `other` imports `file`; of two that import each other, the one named like a start does."""
    if file not in imports.reachable(graph, [other]):
        return False
    mutual = other in imports.reachable(graph, [file])
    return not mutual or _order(other) < _order(file)


def _without_twins(
    kept: dict[Path, Recognised], graph: imports.Graph, found: dict[Path, Recognised]
) -> dict[Path, Recognised]:
    """Of the files of one folder that start the same app (run.py, wsgi.py), the one meant for servers."""
    chosen: dict[tuple[Path, frozenset[Path]], Path] = {}
    for file in sorted(kept, key=_order):
        started = frozenset(imports.reachable(graph, [file]) & set(found))
        if not started or file.name not in (*ENTRY_FILES, "manage.py", "start.py", "serve.py"):
            started = frozenset({file})
        chosen.setdefault((file.parent, started), file)
    return {file: kept[file] for file in kept if file in chosen.values()}


def _order(file: Path) -> tuple[int, str]:
    order = ("wsgi.py", "asgi.py", "index.py", "app.py", "main.py", "run.py", "server.py")
    return (order.index(file.name) if file.name in order else len(order), str(file))


def _found(name: str, source: Source, seen: Recognised, root: Path) -> Found:
    written = _shown(source.file, root)
    found = Found(name, written, seen.kind, f"{written}:{seen.line}", seen.why, seen.path)
    if seen.kind in _COMMANDS:
        return replace(found, run=_COMMANDS[seen.kind].format(file=shlex.quote(written)))
    if imports.needs_package(source):
        module, base = imports.module_name(source.file)
        return replace(
            found, run=f"{module}:{seen.attribute}", folder=None if base == root else _shown(base, root)
        )
    return found if seen.alone else replace(found, run=f"{written}:{seen.attribute}")


def _on_own_paths(found: list[Found]) -> tuple[Found, ...]:
    """The apps, a path that one names itself left out where another app has it."""
    taken = {f"/{app.name}" for app in found if app.path is None}
    distinct = []
    for app in found:
        distinct.append(replace(app, path=None) if app.path in taken else app)
        taken.add(app.path or f"/{app.name}")
    return tuple(distinct)


def _names(files: list[Path], root: Path) -> dict[Path, str]:
    """A name of its own for each file; where two sound alike, each says its folder too."""
    plain = {file: name_of(file, root) for file in sorted(files)}
    names: dict[Path, str] = {}
    for file, name in plain.items():
        alike = [other for other in plain if plain[other] == name]
        full = slug(f"{file.parent.name}-{name}") if len(alike) > 1 and file.parent.name != name else name
        names[file] = unique(full or name, names.values())
    return names


def _note(source: Source, root: Path) -> str | None:
    """What to say about a file that makes an app where no server can reach it."""
    late = made_too_late(source)
    if late is None or is_page(source):
        return None
    article = "an" if late.kind[0] in "AEIOU" else "a"
    return (
        f"{_shown(source.file, root)}:{late.line}: makes {article} {late.kind} app that only the script sees;"
        " make it at the top of the file, or return it from a function create_app()"
    )


def _shown(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
