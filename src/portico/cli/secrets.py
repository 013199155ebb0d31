"""`portico secrets`: the keys with which the site signs."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli.family import Family
from portico.cli.place import read_place, running_folder, site_file
from portico.errors import UserError
from portico.serve import rundir
from portico.serve.ask import answer


@click.group("secrets", cls=Family)
def command() -> None:
    """Renew the keys with which the site signs forms and identities."""


@command.command("rotate")
@site_file
def rotate(file: Path | None) -> None:
    """Make new keys. Nobody is signed out, and no request is lost.

    What the keys before have signed stays valid until the next rotation, so rotate twice, some minutes apart,
    where a key may be known to somebody. A running site uses the new ones at once; where copies of a site share a
    state folder, restart the gate of each other copy: portico restart gate.
    """
    from portico.gate import secrets

    site = read_place(file)
    try:
        secrets.rotate(site)
    except FileNotFoundError:
        raise UserError(f"no secrets in {site.state}; the first `portico serve` makes them") from None
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}") from None
    run = running_folder(file)
    if rundir.find(run).locked():
        answer(run, "restart", apps=["gate"])
        click.echo("The keys are new, and the gate uses them.")
    else:
        click.echo("The keys are new; the next `portico serve` uses them.")
