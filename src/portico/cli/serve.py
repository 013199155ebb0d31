"""`portico serve`: serve the site until it is stopped."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from portico.cli.place import read_site, site_file
from portico.site import Site
from portico.site.mail import MAILBOX


@click.command("serve")
@click.argument("apps", nargs=-1, metavar="[APP]...")
@site_file
@click.option("--port", "-p", type=click.IntRange(1, 65535), help="The port to listen at.")
@click.option("--listen", metavar="HOST:PORT", help='The address to listen at; ":8000" is every interface.')
@click.option(
    "--log-format",
    type=click.Choice(["plain", "json"]),
    help="How log lines look; otherwise what suits the output.",
)
def command(
    apps: tuple[str, ...], file: Path | None, port: int | None, listen: str | None, log_format: str | None
) -> int:
    """Serve the site of portico.toml, or the apps named: app.py, "module:object".

    Ctrl-C finishes the requests in flight and stops; a second one stops at once.
    """
    return run(apps, file, port=port, listen=listen, log_format=log_format)


def run(
    apps: tuple[str, ...],
    file: Path | None,
    *,
    port: int | None = None,
    listen: str | None = None,
    log_format: str | None = None,
    dev: bool = False,
    in_container: bool = False,
) -> int:
    """Read the site, then serve it; `dev` with reload and debuggers, on loopback only unless `in_container`."""

    def read() -> Site:
        site = read_site(apps, file, port, listen)
        return _with_mailbox(site) if dev else site

    site = read()

    from portico.serve.logs import chosen_format
    from portico.serve.supervisor import Settings, serve
    from portico.site.variables import misspelt

    settings = Settings(
        dev=dev,
        in_container=in_container,
        log_format=chosen_format(log_format, sys.stdout),
        read_again=read,
        warnings=misspelt(os.environ),
    )
    return serve(site, settings)


def _with_mailbox(site: Site) -> Site:
    """In development, mails that no server is named for are kept, to be read at /-/mailbox."""
    return site if site.mail.url else replace(site, mail=replace(site.mail, url=MAILBOX))
