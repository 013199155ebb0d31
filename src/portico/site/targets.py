"""Checking what an app runs without importing it: the file parses, the object is in it."""

from __future__ import annotations

import importlib.machinery
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from portico.site.document import display
from portico.site.model import App, RunKind, Site
from portico.site.problems import Problems, Wrong, shown, suggestion
from portico.site.source import Source, Unreadable, required_arguments


def check_targets(site: Site) -> tuple[str, ...]:
    """One line for every app of the site whose `run` cannot work; empty when all of them can."""
    problems = Problems()
    for app in site.apps:
        problems.reading(f"apps.{app.name}.run", lambda app=app: _check(app), None)  # type: ignore[misc]
    return tuple(problems.lines)


def program_path(app: App, environ: Mapping[str, str]) -> str:
    """PATH for the app's programs: as in an activated environment, those beside its interpreter come first."""
    beside = (app.python or Path(sys.executable)).parent
    path = (dict(environ) | dict(app.environment)).get("PATH", os.defpath)
    return f"{beside}{os.pathsep}{path}"


def _check(app: App) -> None:
    if app.run.kind is RunKind.COMMAND:
        _check_program(app)
    elif app.run.kind is RunKind.FILE:
        _check_object(Path(app.run.target), app.run.attribute, app)
    else:
        module, _, attribute = app.run.target.partition(":")
        file = file_of_module(module, app)
        if file is not None:
            _check_object(file, attribute, app)


def _check_program(app: App) -> None:
    """The program is on PATH, beside the app's interpreter, or a file seen from the app's folder."""
    program = app.run.argv[0]
    if "/" in program:
        if not os.access(app.folder / program, os.X_OK):
            raise Wrong(f"no such program: {shown(program)}")
        return
    if shutil.which(program, path=program_path(app, os.environ)) is None:
        raise Wrong(f"no program {shown(program)} on PATH or beside {app.python or sys.executable}")


def _check_object(file: Path, attribute: str, app: App) -> None:
    """The file is Python and has the object; of `a.b` only `a` can be seen in the text."""
    try:
        source = Source.read(file)
    except Unreadable as reason:
        if app.python is not None and "line" in str(reason):
            return  # another Python may well understand it
        raise Wrong(f"{display(file)}: {reason}") from None
    name = attribute.removesuffix("()").partition(".")[0]
    if not name or source.dynamic:
        return
    if name in source.names or (file.name == "__init__.py" and (file.parent / f"{name}.py").is_file()):
        _check_call(source, attribute)
    elif name in source.guarded:
        raise Wrong(
            f'"{name}" exists only when {display(file)} is run as a script (line {source.guarded[name]}); '
            "make it at the top of the file"
        )
    else:
        raise Wrong(f'no "{name}" in {display(file)}{suggestion(name, source.names)}')


def _check_call(source: Source, attribute: str) -> None:
    """A factory can be called without arguments; a function that is none is not taken for an app."""
    function = source.functions.get(attribute.removesuffix("()"))
    needed = required_arguments(function) if function else []
    if attribute.endswith("()") and needed:
        raise Wrong(f"{attribute} needs arguments ({', '.join(needed)}); a factory is called without any")
    if function and not attribute.endswith("()") and not needed:
        raise Wrong(f'"{attribute}" is a function; to serve what it returns, write "{attribute}()"')


def file_of_module(module: str, app: App) -> Path | None:
    """The source file of a module, found as Python would but without importing anything; None without one.

    An app with an interpreter of its own has modules that cannot be seen from here: a missing one is fine.
    """
    places: list[str] | None = [str(app.folder), *sys.path]
    found = None
    parts = module.split(".")
    for index, part in enumerate(parts):
        found = importlib.machinery.PathFinder.find_spec(".".join(parts[: index + 1]), places)
        if found is None:
            if app.python is not None:
                return None
            where = f"{display(app.folder)} or in this Python" if index == 0 else ".".join(parts[:index])
            known = _modules_in(places or [], limit=1 if index == 0 else None)
            raise Wrong(f'no module "{".".join(parts[: index + 1])}" in {where}{suggestion(part, known)}')
        places = list(found.submodule_search_locations or [])
    origin = found.origin if found else None
    return Path(origin) if origin and origin.endswith(".py") else None


def _modules_in(places: list[str], limit: int | None) -> set[str]:
    """The names of modules in the first folders of `places`, for a suggestion."""
    folders = [Path(place) for place in places[:limit] if Path(place).is_dir()]
    entries = (entry for folder in folders for entry in folder.iterdir())
    return {entry.stem for entry in entries if entry.suffix == ".py" or (entry / "__init__.py").is_file()}
