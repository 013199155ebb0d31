"""Making a backup while the site runs: one moment of the database, the secrets, the site file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from portico.errors import UserError
from portico.gate import clock, database, migrations
from portico.gate.backup import archive, naming, tables
from portico.gate.backup.manifest import Manifest
from portico.gate.backup.sealing import Seal, seal
from portico.site import Site

FOLDER = "backups"  # in the state folder, when no other place is named


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup that was made: its file, its size in bytes, rows by table, and the old ones that were removed."""

    file: Path
    size: int
    rows: Mapping[str, int]
    encrypted: bool
    removed: list[Path] = field(default_factory=list)


def save(site: Site, place: Path | None, sealed: Seal, keep: int | None = None) -> Saved:
    """Write a backup of the site to `place`: a file, a folder, or, for None, `backups` in the state folder.

    The file appears whole or not at all. With `keep`, older backups of this site in the folder are removed.
    UserError: there is nothing to save, or the place cannot be written.
    """
    moment = clock.now()
    try:
        target = _target(site, place, naming.name(site, moment, sealed.suffix))
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".portico-backup-") as work:
            folder = Path(work) / "files"
            folder.mkdir()
            manifest = _gather(
                site, folder, Manifest(version("portico"), moment, site.name, site.url, "", "")
            )
            packed = Path(work) / target.name
            archive.pack(folder, manifest, packed)
            seal(packed, sealed)
            packed.replace(target)
        _sync(target.parent)
        removed = [] if keep is None else naming.remove_old(site, target, keep)
    except OSError as error:
        raise UserError(f"{error.filename or place}: {error.strerror or error}") from error
    rows = {name: summary.rows for name, summary in manifest.tables.items()}
    return Saved(target, target.stat().st_size, rows, bool(sealed.suffix), removed)


def _target(site: Site, place: Path | None, name: str) -> Path:
    if place is None:
        place = site.state / FOLDER
        place.mkdir(mode=0o700, exist_ok=True)
    if not place.absolute().parent.is_dir():
        raise UserError(f"{place.parent}: no such folder")
    return place / name if place.is_dir() else place.absolute()


def _gather(site: Site, folder: Path, manifest: Manifest) -> Manifest:
    """Copy everything into the folder; returns the manifest with what the database says."""
    secrets = site.state / "secrets"
    if not secrets.is_dir():
        raise UserError(f"{secrets}: no such folder; the site was never served, so there is nothing to save")
    shutil.copytree(secrets, folder / "secrets", ignore=shutil.ignore_patterns(".*"))
    if site.file is not None:
        shutil.copyfile(site.file, folder / archive.SITE_FILE)
    (folder / "database").mkdir()
    with _one_moment(site) as connection:
        revision = migrations.revision(connection)
        if revision is None:
            raise UserError("the database is empty; the site was never served, so there is nothing to save")
        return Manifest(
            portico=manifest.portico,
            made_at=manifest.made_at,
            site=manifest.site,
            url=manifest.url,
            database=connection.dialect.name,
            revision=revision,
            tables=tables.export(connection, folder / "database"),
        )


@contextmanager
def _one_moment(site: Site) -> Iterator[Connection]:
    """A connection that sees the database as it is at one moment, and stops nobody from writing."""
    url = make_url(site.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise UserError(
            f"{url.database}: no such database; the site was never served, so there is nothing to save"
        )
    engine = database.open_engine(site.database_url, threads=1)
    try:
        if engine.dialect.name != "sqlite":
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql(
                    "BEGIN"
                )  # the first SELECT fixes the moment; WAL lets writers go on
            yield connection
    except DBAPIError as error:
        raise database.explain(error, site) from error
    finally:
        engine.dispose()


def _sync(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
