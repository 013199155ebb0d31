"""`portico backup`: everything the site knows, in one file, while it runs."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portico.cli import render
from portico.cli.place import read_place, site_file
from portico.cli.variables import variable
from portico.errors import UserError

if TYPE_CHECKING:
    from portico.gate.backup import Saved, Seal
    from portico.site import Site

PASSPHRASE = "PORTICO_BACKUP_PASSPHRASE"  # noqa: S105  the name of a variable
RECIPIENTS = "PORTICO_BACKUP_RECIPIENTS"


@click.command("backup")
@click.argument("place", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@site_file
@click.option(
    "--encrypt",
    is_flag=True,
    help=f"Encrypt with the passphrase of {PASSPHRASE}(_FILE); asks when it is not set.",
)
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="KEY",
    help='Encrypt to a public key of age ("age1..."); may be given several times.',
)
@click.option(
    "--keep",
    type=click.IntRange(1),
    help="Afterwards remove all but the newest N backups of this site in the folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(  # noqa: PLR0917  click gives the options by name
    place: Path | None,
    file: Path | None,
    encrypt: bool,
    recipients: Sequence[str],
    keep: int | None,
    as_json: bool,
) -> None:
    """Save people, sessions, audit, secrets and portico.toml to one file, while the site runs.

    FILE is a file, a folder (the name then says site and time), or - for standard output; without it, the folder
    `backups` in the site's state folder. A backup opens every account: keep it as safe as the site itself.
    """
    from portico.gate import backup

    site = read_place(file)
    sealed = _seal(encrypt, recipients)
    if str(place) == "-":
        _to_standard_output(site, sealed)
        return
    if keep is not None and place is not None and not place.is_dir():
        raise UserError(
            f"{place}: --keep looks after the backups in a folder; name an existing folder, not a file"
        )
    _say(backup.save(site, place, sealed, keep), as_json)


def _seal(encrypt: bool, recipients: Sequence[str]) -> Seal:
    """How to encrypt: as the options say; without them, as the variables of this place do."""
    from portico.gate.backup import Seal

    if encrypt and recipients:
        raise UserError("encrypt with a passphrase (--encrypt) or to public keys (--to), not both")
    if recipients:
        return Seal(recipients=recipients)
    passphrase = variable(PASSPHRASE)
    if encrypt or passphrase:
        return Seal(passphrase=passphrase or _asked())
    lines = (variable(RECIPIENTS) or "").splitlines()
    return Seal(recipients=[line.strip() for line in lines if line.strip() and not line.startswith("#")])


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UserError(f"--encrypt: set {PASSPHRASE}, or {PASSPHRASE}_FILE to a file with the passphrase")
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True))


def _to_standard_output(site: Site, sealed: Seal) -> None:
    from portico.gate import backup

    if sys.stdout.isatty():
        raise UserError("a backup is not for the screen; send it to a file: portico backup - > FILE")
    with tempfile.TemporaryDirectory(prefix="portico-backup-") as folder:
        saved = backup.save(site, Path(folder), sealed)
        with saved.file.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _say(saved: Saved, as_json: bool) -> None:
    if as_json:
        render.as_json(
            {
                "file": str(saved.file),
                "bytes": saved.size,
                "encrypted": saved.encrypted,
                "rows": dict(saved.rows),
                "removed": [str(path) for path in saved.removed],
            }
        )
        return
    how = "encrypted" if saved.encrypted else "not encrypted"
    click.echo(
        f"{os.path.relpath(saved.file)}: {saved.rows.get('person', 0)} people, {saved.size:,} bytes, {how}"
    )
    for path in saved.removed:
        click.echo(f"{os.path.relpath(path)}: removed")
