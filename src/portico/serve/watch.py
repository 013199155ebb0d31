"""`portico dev`: new workers when an app's files change, a reload when portico.toml does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from watchfiles import Change, DefaultFilter, awatch

from portico.errors import UserError
from portico.serve.logs import Logs
from portico.serve.reload import NOTHING
from portico.site.model import Site

SETTLE = 100  # milliseconds to wait for an editor to write the rest
LOOK = 500  # milliseconds between looks at portico.toml
NO_FILE = (0, 0, 0)
NOT_CODE = (".db", ".db-journal", ".db-wal", ".db-shm", ".sqlite", ".sqlite3", ".log", ".tmp")
CACHES = ("cache", ".cache", ".portico", ".ipynb_checkpoints", "flask_session", "file_system_backend")


class Reloads(Protocol):
    """What the supervisor offers here."""

    site: Site
    logs: Logs

    async def restart(self, name: str) -> str:
        """Give one app new workers."""

    async def reload(self) -> str:
        """Read the site again."""


class Code(DefaultFilter):
    """Changes that matter: not of caches, databases, logs, hidden folders or editors' own files."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, *CACHES)

    def __call__(self, change: Change, path: str) -> bool:
        """Whether this change is one of code."""
        return super().__call__(change, path) and not path.endswith(NOT_CODE)


async def watch(supervisor: Reloads) -> None:
    """Watch for as long as the site is served; begin anew when the site itself has changed.

    Starting takes a second or two, in which portico.toml may have changed: it is read again once.
    """
    written = None if supervisor.site.file else NO_FILE
    while True:
        site, logs = supervisor.site, supervisor.logs
        async for changed in _changes(site):
            try:
                if _written(site.file) != written:
                    await asyncio.sleep(SETTLE / 1000)  # else it may be half written
                    first, written = written is None, _written(site.file)
                    done = await supervisor.reload()
                    if not (first and done == NOTHING):
                        logs.say(f"portico.toml changed: {done}")
                for name, file in concerned(site, changed).items():
                    logs.say(f"{name}: {os.path.relpath(file, site.root)} changed; starting it again")
                    await supervisor.restart(name)
            except UserError as error:
                logs.say(str(error))
            if supervisor.site is not site:
                break


async def _changes(site: Site) -> AsyncIterator[set[Path]]:
    """Changed files, a set at a time; an empty set twice a second, to look at portico.toml.

    That file is not watched itself: editors put a new file in its place, and its folder may hold anything.
    """
    folders = {app.folder for app in site.apps if app.folder.is_dir()}
    async for changes in awatch(
        *folders, watch_filter=Code(), step=SETTLE, rust_timeout=LOOK, yield_on_timeout=True
    ):
        yield {Path(path) for _, path in changes}


def _written(file: Path | None) -> tuple[int, int, int]:
    """What changes when a file is written: its time alone is too coarse for two writes in a row."""
    try:
        found = file.stat() if file is not None else None
    except OSError:  # an editor is just replacing it
        found = None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else NO_FILE


def concerned(site: Site, changed: Iterable[Path]) -> Mapping[str, Path]:
    """The apps to which changed files belong, each with one of them. A nested app's files are its own."""
    found: dict[str, Path] = {}
    for path in changed:
        folders = [app.folder for app in site.apps if path.is_relative_to(app.folder) and path != site.file]
        nearest = max(folders, key=lambda folder: len(folder.parts), default=None)
        for app in site.apps:
            if app.folder == nearest:
                found.setdefault(app.name, path)
    return found
