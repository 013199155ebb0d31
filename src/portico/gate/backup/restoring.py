"""Putting a backup in place of a site that is not running. What was there is kept beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, delete
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import audit, clock, database, migrations
from portico.gate.backup import tables
from portico.gate.backup.archive import Backup
from portico.gate.backup.rebuilding import exists, rebuilding
from portico.gate.models import Link, SessionRow
from portico.site import FILE_NAME, Site

SECRETS = "secrets"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: rows by table, what was moved aside, and what a person should know."""

    rows: Mapping[str, int]
    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def restore(site: Site, backup: Backup, *, force: bool = False, end_sessions: bool = False) -> Restored:
    """Make the site's database and secrets those of the backup; the caller holds the site's lock.

    With `end_sessions` everybody has to sign in again, and links that were not used yet are void.
    UserError: there is a site already and `force` is not given, or the backup is newer than this code. Then
    nothing has changed.
    """
    _refuse_newer(backup)
    _refuse_strangers(site.state)
    stamp, kept = f"{clock.now():%Y%m%d-%H%M%S-%f}", list[str]()
    try:
        if not force:
            _refuse_overwriting(site)
        with rebuilding(site, stamp, kept) as connection:
            _fill(connection, backup, end_sessions)
        kept += _put_secrets(site.state, backup.folder / SECRETS, stamp)
        notes = _put_site_file(site, backup)
    except DBAPIError as error:
        raise database.explain(error, site) from error
    except OSError as error:
        raise UserError(f"{error.filename or site.state}: {error.strerror or error}") from error
    rows = {name: summary.rows for name, summary in backup.manifest.tables.items()}
    return Restored(rows, kept, notes)


def _refuse_newer(backup: Backup) -> None:
    revision = backup.manifest.revision
    if not migrations.knows(revision):
        raise UserError(
            f"this backup's tables are of revision {revision}, made by Portico {backup.manifest.portico}, and newer "
            f"than this Portico knows ({migrations.HEAD}); install the newer Portico, then restore"
        )


def _refuse_strangers(state: Path) -> None:
    if state.exists() and state.stat().st_uid != os.geteuid():
        raise UserError(
            f"{state}: belongs to {state.owner()}; restore as that user, who would otherwise not be able to read it"
        )


def _refuse_overwriting(site: Site) -> None:
    secrets = site.state / SECRETS
    if exists(site) or (secrets.is_dir() and any(secrets.iterdir())):
        raise UserError(
            f"{site.state}: there is a site here already; --force puts the backup in its place and keeps the old "
            "one beside it"
        )


def _fill(connection: Connection, backup: Backup, end_sessions: bool) -> None:
    """Make the tables of the backup's revision, add its rows, and bring both to this code's revision."""
    migrations.run(connection, backup.manifest.revision)
    tables.fill(connection, backup.folder / "database", backup.manifest)
    migrations.run(connection, "head")
    with Session(connection) as db:
        if end_sessions:
            db.execute(delete(SessionRow))
            db.execute(delete(Link))
        audit.note(
            db, audit.COMMAND_LINE, "site-restored", backup.manifest.made_at.isoformat(timespec="seconds")
        )
        db.commit()


def _put_secrets(state: Path, source: Path, stamp: str) -> list[str]:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    target, fresh = state / SECRETS, state / f".{SECRETS}.restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh)  # the files have mode 0600, as they were unpacked
    fresh.chmod(0o700)
    kept = []
    if target.exists():
        aside = state / f"{SECRETS}.before-restore-{stamp}"
        target.rename(aside)
        kept = [str(aside)]
    fresh.rename(target)
    return kept


def _put_site_file(site: Site, backup: Backup) -> list[str]:
    """Write the site file where there is none. One that differs stays: it belongs to the apps that are here."""
    if backup.site_file is None:
        return []
    here = site.file or site.root / FILE_NAME
    if not here.exists():
        shutil.copyfile(backup.site_file, here)
        return [f"{here} is the backup's"]
    if here.read_bytes() == backup.site_file.read_bytes():
        return []
    aside = site.state / f"{here.name}.from-backup"
    shutil.copyfile(backup.site_file, aside)
    aside.chmod(0o600)
    return [f"{here} is not the same as in the backup; yours stays, the backup's is {aside}"]
