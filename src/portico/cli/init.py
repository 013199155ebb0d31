"""`portico init`: find the apps in a folder, write its portico.toml and the files for the places it runs at."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from portico.cli import init_text, render
from portico.errors import UserError
from portico.kit import PLACES, RECORD_NAME, Record, State, Units, read_record, units_for
from portico.kit.plan import Plan, plan, write
from portico.site import FILE_NAME
from portico.site.discovery import Discovery, discover
from portico.site.document import display
from portico.site.draft import draft
from portico.site.naming import slug, title_of


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option(
    "--docker", is_flag=True, help="Files for Docker and Compose: image, nginx with TLS, PostgreSQL."
)
@click.option("--vagrant", is_flag=True, help="Files for a virtual machine made by Vagrant.")
@click.option("--cloud-init", is_flag=True, help="Files for a virtual machine set up by cloud-init.")
@click.option("--systemd", is_flag=True, help="Units for systemd: a server without containers.")
@click.option("--all", "everywhere", is_flag=True, help="Files for all of these places.")
@click.option("--at", metavar="PATH", help="systemd: the site's folder on the server.")
@click.option("--user", help="systemd: the user that the site runs as.  [portico]")
@click.option(
    "--keep", multiple=True, metavar="FILE", help="Your FILE stays as it is; you have seen the difference."
)
@click.option("--check", is_flag=True, help="Only say which files are out of date; exit with 1 if any is.")
@click.option("--dry-run", is_flag=True, help="Only show what would be written.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON: the apps and why, the files, the notes. Asks nothing.",
)
def command(
    folder: Path,
    *,
    docker: bool,
    vagrant: bool,
    cloud_init: bool,
    systemd: bool,
    everywhere: bool,
    at: str | None,
    user: str | None,
    keep: tuple[str, ...],
    check: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Find the apps in FOLDER (here, unless named) and write portico.toml.

    Reads the source of every Python file; imports and runs none. An existing portico.toml stays as it is.

    With --docker and the like it also writes the files for that place. A file that you have changed is never
    overwritten: the difference is shown, and the exit code is 1. One that is as an older Portico wrote it is replaced;
    .portico-kit.json, to be committed with the site, tells the two apart. Again after an upgrade: `portico init`.
    """
    root = _existing(folder)
    record = read_record(root)
    flags = zip(PLACES, (docker, vagrant, cloud_init, systemd), strict=True)
    chosen = {place for place, wanted in flags if wanted or everywhere} | set(record.places)
    if check:
        return _check(root, record, chosen, (at, user), as_json)
    asks = _on_a_terminal() and not (yes or as_json or dry_run)
    discovery = None if (root / FILE_NAME).exists() else _discovered(root)
    if discovery and not as_json:
        init_text.apps(discovery)
    chosen |= _asked() if asks and not chosen else set()
    if not discovery and not chosen:
        file = display(root / FILE_NAME)
        raise UserError(f'{file} is already there and stays as it is; "portico check" tests it')
    intended = _plan(root, record, chosen, (at, user), discovery=discovery, keep=keep)
    return _carry_out(intended, discovery, asks=asks, dry_run=dry_run, as_json=as_json)


def _carry_out(
    intended: Plan, discovery: Discovery | None, *, asks: bool, dry_run: bool, as_json: bool
) -> int:
    """Show the plan, ask whether it is to be, write it, and say what comes next."""
    if not as_json:
        init_text.intended(intended)
    writes = {} if dry_run else intended.writes()
    if asks and writes and not click.confirm(f"Write {_counted(intended.root, list(writes))}?", default=True):
        click.echo("Nothing written.")
        return 1
    write(writes, intended.root)
    if as_json:
        render.as_json(init_text.as_json(intended, discovery, writes))
    else:
        _tell(intended, discovery, list(writes), dry_run)
    return 1 if intended.differing else 0


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    if not folder.is_dir():
        raise UserError(f"{display(folder)}: no such folder")
    return folder


def _discovered(root: Path) -> Discovery:
    discovery = discover(root)
    if not discovery.apps:
        raise UserError(_nothing(root, discovery))
    return discovery


def _on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")


def _asked() -> set[str]:
    """The places that a person chooses from a list; none unless they say so."""
    click.echo("Where will the site run, beside this machine? Several, with commas, or none:")
    for number, (place, names) in enumerate(PLACES.items(), 1):
        click.echo(f"  {number}  {place:<11} {', '.join(names)}")
    while True:
        words = click.prompt("Places", default="none").replace(",", " ").split()
        numbered = {str(number): place for number, place in enumerate(PLACES, 1)}
        places = {numbered.get(word, word) for word in words} - {"none"}
        if places <= set(PLACES):
            click.echo()
            return places
        click.echo(f"  not one of them: {', '.join(sorted(places - set(PLACES)))}")


def _plan(
    root: Path,
    record: Record,
    chosen: set[str],
    asked: tuple[str | None, str | None],
    *,
    discovery: Discovery | None = None,
    keep: tuple[str, ...] = (),
) -> Plan:
    """What to write: the site file of what was found, the kit's files for the places, with the units for this site."""
    at, user = asked
    if (at or user) and "systemd" not in chosen:
        raise click.UsageError("--at and --user are for --systemd")
    units: Units | None = None
    if "systemd" in chosen:
        before = record.units
        units = before or units_for(root, at, user)
        if before and (at or user):
            units = units_for(root, at or before.folder, user or before.user)
    text = draft(title_of(slug(root.name)) or "Portico", discovery.apps) if discovery else None
    places = tuple(place for place in PLACES if place in chosen)
    return plan(root, record, site_text=text, places=places, units=units, kept=keep)


def _check(
    root: Path, record: Record, chosen: set[str], asked: tuple[str | None, str | None], as_json: bool
) -> int:
    if not chosen:
        raise UserError(
            f"no files of Portico's to check ({RECORD_NAME} is not here); `portico init --docker` writes some"
        )
    found = _plan(root, record, chosen, asked)
    if as_json:
        render.as_json(init_text.as_json(found, None, ()))
    else:
        init_text.found(found)
        click.echo("Out of date; next: portico init" if found.out_of_date else "Up to date.")
    return 1 if found.out_of_date else 0


def _tell(plan: Plan, discovery: Discovery | None, written: list[str], dry_run: bool) -> None:
    init_text.differences(plan.files, {State.DIFFERS})
    if plan.differing:
        click.echo(init_text.how_to_keep(plan) + "\n")
    if dry_run:
        click.echo("Nothing written: --dry-run.")
        return
    number = len(discovery.apps) if discovery else 0
    apps = f" with {number} app{'' if number == 1 else 's'}" if discovery else ""
    wrote = f"Wrote {_counted(plan.root, written)}{apps}." if written else "Nothing to write."
    click.echo(f"{wrote} Next: portico serve")
    for place in plan.places:
        click.echo(f"  {place + ':':<12}{init_text.NEXT[place]}")


def _counted(root: Path, paths: list[str]) -> str:
    return display(root / paths[0]) if len(paths) == 1 else f"{len(paths)} files"


def _nothing(folder: Path, discovery: Discovery) -> str:
    files = f"{discovery.files} Python file{'' if discovery.files == 1 else 's'} read"
    first = (
        f"no app found in {display(folder)} ({files}); serve one that you know: portico serve path/to/app.py"
    )
    return "\n".join([first, *discovery.notes])
