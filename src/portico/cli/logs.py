"""`portico logs`: what the apps have written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from portico.cli.place import running_folder, site_file
from portico.serve.ask import ask
from portico.serve.logs import Line, chosen_format, formatted


@click.command("logs")
@click.argument("app", required=False)
@site_file
@click.option("--follow", "-f", is_flag=True, help="Go on with each new line until Ctrl-C.")
@click.option(
    "--lines", "-n", type=click.IntRange(0), default=100, show_default=True, help="How many past lines."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(app: str | None, file: Path | None, follow: bool, lines: int, as_json: bool) -> None:
    """Show what the apps have written, or only APP (gate, front and portico are names too)."""
    form = chosen_format("json" if as_json else None, sys.stdout)
    for message in ask(running_folder(file), "logs", app=app, lines=lines, follow=follow):
        line = Line(message["time"], message["app"], message["text"])
        click.echo(formatted(line, form, len("portico")))
