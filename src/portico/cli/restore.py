"""`portico restore`: a backup in place of a site that is stopped."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portico.cli import render
from portico.cli.backup import PASSPHRASE
from portico.cli.place import STATE_FOLDER, read_place, site_file
from portico.cli.variables import content, variable
from portico.errors import UserError
from portico.site import FILE_NAME, Site, find_site, from_apps

if TYPE_CHECKING:
    from portico.gate.backup import Backup, Key, Restored


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path), metavar="FILE")
@site_file
@click.option("--force", is_flag=True, help="Replace the site that is here; it is kept beside the new one.")
@click.option(
    "--end-sessions", is_flag=True, help="Let nobody in who was signed in when the backup was made."
)
@click.option(
    "--identity",
    type=click.Path(path_type=Path),
    help="The private key of a backup that was encrypted to a public key.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(  # noqa: PLR0917  click gives the options by name
    source: Path, file: Path | None, force: bool, end_sessions: bool, identity: Path | None, as_json: bool
) -> None:
    """Put the backup FILE (- for standard input) in place of this site, or make a new place of it here.

    Nothing changes unless the whole file is sound. The site must be stopped. In a folder without portico.toml the
    backup's own is written. PORTICO_DATABASE_URL decides where people go: a backup fits SQLite and PostgreSQL.
    """
    from portico.gate import backup

    with _local(source) as local, backup.opened(local, _key(local, identity)) as opened:
        with _place(file, opened) as site, _stopped(site):
            restored = backup.restore(site, opened, force=force, end_sessions=end_sessions)
        _say(site, opened, restored, as_json)


def _key(source: Path, identity: Path | None) -> Key:
    from portico.gate.backup import Key
    from portico.gate.backup.sealing import needs_passphrase

    if not source.is_file():
        raise UserError(f"{source}: no such file")
    passphrase = variable(PASSPHRASE)
    if passphrase is None and needs_passphrase(source) and sys.stdin.isatty():
        passphrase = click.prompt("Passphrase", hide_input=True, err=True)
    return Key(passphrase, content(identity) if identity else None)


@contextmanager
def _local(source: Path) -> Iterator[Path]:
    """The backup as a file, also when it comes from standard input."""
    if str(source) != "-":
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="portico-restore-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield Path(copy.name)


@contextmanager
def _place(file: Path | None, opened: Backup) -> Iterator[Site]:
    """The site here; in a folder without one, the backup's site file makes it, unless the restore fails."""
    here = Path.cwd()
    if file is not None or find_site(here) is not None or (here / STATE_FOLDER).is_dir():
        yield read_place(file)
        return
    if opened.site_file is None:
        yield from_apps((), here)
        return
    written = here / FILE_NAME
    shutil.copyfile(opened.site_file, written)
    try:
        yield read_place(written)
    except BaseException:
        written.unlink()
        raise


@contextmanager
def _stopped(site: Site) -> Iterator[None]:
    """Hold the site's lock, so that nobody serves it meanwhile. UserError: somebody does."""
    from portico.serve import rundir

    run = rundir.make(site.run_folder, [])
    run.lock()
    try:
        yield
    finally:
        run.unlock()


def _say(site: Site, opened: Backup, restored: Restored, as_json: bool) -> None:
    made = opened.manifest.made_at
    if as_json:
        render.as_json(
            {
                "made_at": made.isoformat(timespec="seconds"),
                "state": str(site.state),
                "rows": dict(restored.rows),
                "kept": restored.kept,
                "notes": restored.notes,
            }
        )
        return
    people = restored.rows.get("person", 0)
    click.echo(
        f"{site.state}: {people} people as of {made:%Y-%m-%d %H:%M} UTC, made by Portico {opened.manifest.portico}"
    )
    for line in restored.kept:
        click.echo(f"what was here before is now {line}")
    for line in restored.notes:
        click.echo(line)
