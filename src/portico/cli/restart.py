"""`portico restart`: new workers for apps."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli.place import running_folder, site_file
from portico.serve.ask import ask


@click.command("restart")
@click.argument("apps", nargs=-1, metavar="[APP]...")
@site_file
def command(apps: tuple[str, ...], file: Path | None) -> None:
    """Replace the workers of these apps, or of all, without losing a request.

    The old workers serve until the new ones are ready. When the new code does not start, they stay.
    """
    for message in ask(running_folder(file), "restart", apps=list(apps)):
        click.echo(f"{message['app']}: {message['result']}")
