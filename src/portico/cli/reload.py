"""`portico reload`: read portico.toml again."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli.place import running_folder, site_file
from portico.serve.ask import answer


@click.command("reload")
@site_file
def command(file: Path | None) -> None:
    """Read portico.toml again and change only what changed. A wrong file changes nothing."""
    click.echo(answer(running_folder(file), "reload")["result"])
