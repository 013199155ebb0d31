"""`portico check`: everything that is wrong with a site file, found without serving it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from portico.cli import render
from portico.errors import SiteError, UserError
from portico.site import FILE_NAME, Site, examine, find_site
from portico.site.cautions import cautions
from portico.site.document import display
from portico.site.targets import check_targets
from portico.site.variables import misspelt


@click.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: the file, the apps, the problems, the warnings."
)
def command(file: Path | None, as_json: bool) -> int:
    """Read portico.toml and say what is wrong, without serving.

    FILE is a site file or its folder; otherwise portico.toml here or in a folder above. Exits with 1 when
    there is a problem. No app is imported.
    """
    found = _site_file(file)
    site, problems = _examined(found)
    warnings = (*misspelt(os.environ), *(cautions(site) if site else ()))
    if as_json:
        apps = (
            [{"name": app.name, "run": app.run.text, "path": app.path} for app in site.apps] if site else []
        )
        render.as_json(
            {"file": str(found), "apps": apps, "problems": list(problems), "warnings": list(warnings)}
        )
    else:
        for line in (*problems, *warnings):
            click.echo(line)
        click.echo(f"{display(found)}: {_summary(site, len(problems))}")
    return 1 if problems else 0


def _site_file(file: Path | None) -> Path:
    if file is not None:
        return file.absolute() / FILE_NAME if file.is_dir() else file.absolute()
    found = find_site(Path.cwd())
    if found is None:
        raise UserError(f"no {FILE_NAME} here or in a folder above; `portico init` writes one")
    return found


def _examined(file: Path) -> tuple[Site | None, tuple[str, ...]]:
    """The site as far as it can be read, and every problem."""
    try:
        site, problems = examine(file)
    except SiteError as error:  # it could not even be parsed
        return None, error.problems
    return site, (*problems.lines, *check_targets(site))


def _summary(site: Site | None, problems: int) -> str:
    if problems:
        return _counted(problems, "problem")
    return f"{_counted(len(site.apps) if site else 0, 'app')}, no problems"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
