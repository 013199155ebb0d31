"""Reading `[apps]`: each table, or the short form `sales = "apps/sales/app.py"`, becomes an App."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from portico.site import schema
from portico.site.access import NAME, NAME_RULE, parse_access
from portico.site.model import Access, App, Run, RunKind
from portico.site.naming import RESERVED, title_of
from portico.site.path_rules import read_paths
from portico.site.places import absolute, is_file, is_folder
from portico.site.problems import Problems, Wrong, dotted, shown
from portico.site.runs import parse_run
from portico.site.tables import read_table


def read_apps(table: object, root: Path, roles: Mapping[str, str], problems: Problems) -> tuple[App, ...]:
    """Every app of `[apps]`, in the file's order. An app with a wrong name or run is noted and left out."""
    if not isinstance(table, dict):
        problems.add("apps", f"expected tables like [apps.sales], not {shown(table)}")
        return ()
    found = (_app(name, value, root, roles, problems) for name, value in table.items())
    return tuple(app for app in found if app is not None)


def _app(name: str, value: object, root: Path, roles: Mapping[str, str], problems: Problems) -> App | None:
    where = dotted("apps", name)
    if not _name_is_free(name, value, where, problems):
        return None
    table = {"run": value} if isinstance(value, str) else value
    values = read_table(table, schema.APP, where, {}, problems)
    access = problems.reading(f"{where}.access", lambda: parse_access(values["access"], roles), Access())
    run = values["run"] and problems.reading(f"{where}.run", lambda: parse_run(values["run"], root), None)
    folder = _folder(values["folder"], run, root, where, problems)
    python = problems.reading(f"{where}.python", lambda: interpreter(values["python"], root), None)
    if not run:
        return None
    at_root = values["path"] is None and (values["host"] is not None or values["port"] is not None)
    return App(
        name=name,
        run=run,
        folder=folder,
        title=values["title"] or title_of(name),
        description=values["description"],
        access=access,
        path=None if at_root else values["path"] or f"/{name}",
        host=values["host"],
        port=values["port"],
        workers=values["workers"],
        threads=values["threads"],
        sleep_after=values["sleep_after"],
        start_timeout=values["start_timeout"],
        request_timeout=values["request_timeout"],
        max_body=values["max_body"],
        python=python,
        environment=values["env"],
        in_portal=values["portal"],
        paths=read_paths(values["paths"], f"{where}.paths", roles, problems),
        frame_ancestors=values["frame_ancestors"],
    )


def _name_is_free(name: str, value: object, where: str, problems: Problems) -> bool:
    if name in {setting.key for setting in schema.APP} and not isinstance(value, (str, dict)):
        problems.add(
            where, f"an app's settings stand in its own table, like [apps.sales] {name} = {shown(value)}"
        )
        return False
    if not NAME.fullmatch(name):
        problems.add(where, NAME_RULE)
        return False
    if name in RESERVED:
        problems.add(where, f'the name "{name}" is reserved; choose another')
        return False
    return True


def _folder(text: str | None, run: Run | None, root: Path, where: str, problems: Problems) -> Path:
    """The app's working directory: the one given, else its file's, else the site's."""
    default = Path(run.target).parent if run and run.kind is RunKind.FILE else root
    return (
        default
        if text is None
        else problems.reading(f"{where}.folder", lambda: _existing(text, root), default)
    )


def _existing(text: str, root: Path) -> Path:
    folder = absolute(text, root)
    if is_file(folder):
        raise Wrong(f"{shown(text)} is a file, not a folder")
    if not is_folder(folder):
        raise Wrong(f"no such folder: {shown(text)}")
    return folder


def interpreter(text: str | None, root: Path) -> Path | None:
    """The interpreter that `text` names: a file relative to `root`, or a program on PATH."""
    if text is None:
        return None
    here = absolute(text, root)
    by_name = "/" not in text and not is_file(here) and not is_folder(here)
    found = shutil.which(text) if by_name else str(here)
    if found is None:
        raise Wrong(f"no program {shown(text)} on PATH")
    file = Path(found)
    if is_folder(file):
        inside = next((part for part in ("bin/python", "python") if is_file(file / part)), None)
        hint = f'; did you mean "{text.rstrip("/")}/{inside}"?' if inside else ""
        raise Wrong(f"{shown(text)} is a folder{hint}")
    if not is_file(file):
        raise Wrong(f"no such interpreter: {shown(text)}")
    if not os.access(file, os.X_OK):
        raise Wrong(f"{shown(text)} is not a program that may be run")
    return file
