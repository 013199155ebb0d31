"""`portico dev`: serve for development."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli.place import site_file
from portico.cli.serve import run
from portico.errors import UserError

CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))  # Docker's and Podman's


@click.command("dev")
@click.argument("apps", nargs=-1, metavar="[APP]...")
@site_file
@click.option("--port", "-p", type=click.IntRange(1, 65535), help="The port to listen at.")
@click.option(
    "--in-container",
    is_flag=True,
    help="Listen on every interface of this container. Publish its ports on 127.0.0.1 only.",
)
def command(apps: tuple[str, ...], file: Path | None, port: int | None, in_container: bool) -> int:
    """Serve as `portico serve` does, reload what changes, and show errors in the browser.

    Dash's dev tools and Flask's debugger run code for whoever reaches them, so only this machine does.
    """
    if in_container and not any(mark.exists() for mark in CONTAINER_MARKS):
        raise UserError(
            "this is no container; leave out --in-container, and `portico dev` listens on 127.0.0.1"
        )
    return run(apps, file, port=port, dev=True, in_container=in_container)
