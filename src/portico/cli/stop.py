"""`portico stop`: finish what is in flight and end."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli.place import running_folder, site_file
from portico.serve import ask


@click.command("stop")
@site_file
def command(file: Path | None) -> None:
    """Finish the requests in flight, stop the site, and return when it has ended."""
    pid = ask.stop(running_folder(file))
    click.echo(f"stopped process {pid}")
