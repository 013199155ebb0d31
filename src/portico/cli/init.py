"""`portico init`: find the apps in a folder and write its portico.toml."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from portico.cli import render
from portico.errors import UserError
from portico.site import FILE_NAME
from portico.site.discovery import Discovery, discover
from portico.site.document import display
from portico.site.draft import draft
from portico.site.naming import slug, title_of


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: the file written, the apps and why, the notes."
)
def command(folder: Path, as_json: bool) -> None:
    """Find the apps in FOLDER (here, unless named) and write portico.toml.

    Reads the source of every Python file; imports and runs none. An existing portico.toml stays as it is.
    """
    folder = folder.absolute()
    file = _free_place(folder)
    discovery = discover(folder)
    if not discovery.apps:
        raise UserError(_nothing(folder, discovery))
    _write(file, draft(title_of(slug(folder.name)) or "Portico", discovery.apps))
    if as_json:
        apps = [asdict(app) for app in discovery.apps]
        render.as_json({"file": str(file), "apps": apps, "notes": list(discovery.notes)})
    else:
        _tell(file, discovery)


def _free_place(folder: Path) -> Path:
    if not folder.is_dir():
        raise UserError(f"{display(folder)}: no such folder")
    file = folder / FILE_NAME
    if file.exists():
        raise UserError(f'{display(file)} is already there and stays as it is; "portico check" tests it')
    return file


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UserError(f"cannot write {display(file)}: {error.strerror}") from None


def _tell(file: Path, discovery: Discovery) -> None:
    rows = [[app.name, app.kind, app.path or f"/{app.name}", app.where, app.why] for app in discovery.apps]
    render.table(["APP", "KIND", "PATH", "FOUND AT", "BY"], rows)
    if discovery.notes:
        click.echo("\nLeft out:")
        for note in discovery.notes:
            click.echo(f"  {note}")
    number = len(rows)
    click.echo(f"\nWrote {display(file)} with {number} app{'' if number == 1 else 's'}. Next: portico serve")


def _nothing(folder: Path, discovery: Discovery) -> str:
    files = f"{discovery.files} Python file{'' if discovery.files == 1 else 's'} read"
    first = (
        f"no app found in {display(folder)} ({files}); serve one that you know: portico serve path/to/app.py"
    )
    return "\n".join([first, *discovery.notes])
