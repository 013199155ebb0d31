"""`portico status`: what every app does now."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli import render
from portico.cli.place import running_folder, site_file
from portico.serve.ask import answer


@click.command("status")
@site_file
@click.option("--json", "as_json", is_flag=True, help="Print JSON: memory in bytes, times in seconds.")
def command(file: Path | None, as_json: bool) -> None:
    """Show each app's state, processes, memory, requests and address."""
    status = answer(running_folder(file), "status")
    if as_json:
        render.as_json(status)
    else:
        render.site_status(status)
