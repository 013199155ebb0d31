"""The command line: finds the verb, runs it, and turns an error into a line for a person."""

from __future__ import annotations

import importlib
import sys
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

import click

from portico.errors import UserError

# The verbs, in the order in which a person meets them. A verb's file is imported only when it is used.
VERBS: dict[str, dict[str, str]] = {
    "Begin": {
        "init": "Find the apps in this folder and write portico.toml",
        "check": "Read portico.toml and say what is wrong, without serving",
    },
    "Serve": {
        "serve": "Serve the site",
        "dev": "Serve the site and reload what changes",
    },
    "Look after a running site": {
        "status": "Show each app's state, memory, requests and address",
        "logs": "Show what the apps have written",
        "restart": "Replace an app's workers without losing a request",
        "reload": "Read portico.toml again and change only what changed",
        "stop": "Finish the requests in flight and stop",
        "insight": "Show how the apps are used",
    },
    "Backups": {
        "backup": "Save people, sessions, audit and secrets to one file while the site runs",
        "restore": "Put a backup in place of a site that is stopped",
    },
    "People": {
        "user": "Add, list and disable people; bring them in from a CSV file",
        "role": "Add, list and remove roles",
        "group": "Add and remove groups, which give their people roles",
        "access": "Say who may enter an app, and why",
        "token": "Make, list and revoke API tokens",
        "share": "Open an app to guests by a link; list and revoke such links",
        "invite": "Invite people by mail or by a link; list and withdraw invitations",
        "mail": "Try the mail server; see what waits to be sent",
        "session": "List who is signed in, and sign people out",
        "audit": "Show who did what, when and from where",
    },
    "Secrets": {
        "secrets": "Renew the keys with which the site signs",
    },
}


class Verbs(click.Group):
    """A group whose verbs are imported when they are used, and which suggests a verb for a mistyped one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the help."""
        return [verb for group in VERBS.values() for verb in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's own module, imported now."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"portico.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - a verb without `command` is our own mistake
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but a verb that does not exist gets the nearest one as a suggestion."""
        if args and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            near = get_close_matches(args[0], self.list_commands(ctx), n=1, cutoff=0.6)
            hint = f'; did you mean "{near[0]}"?' if near else "; see `portico --help`"
            raise UserError(f'no such command: "{args[0]}"{hint}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs under their headings, without importing any of them."""
        width = max(len(verb) for verb in self.list_commands(ctx))
        for heading, verbs in VERBS.items():
            with formatter.section(heading):
                formatter.write_dl([(verb.ljust(width), line) for verb, line in verbs.items()])


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    try:
        click.echo(f"portico {version('portico')}")
    except PackageNotFoundError:
        click.echo("portico (not installed)")
    ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version.",
)
def portico() -> None:
    """The front entrance for Flask and Dash apps: your apps, unchanged, on one site behind one sign-in."""


def main(args: list[str] | None = None) -> NoReturn:
    """Run one verb and exit: 0 done, 1 a mistake a person can mend, 2 wrong usage, 130 interrupted."""
    try:
        result: Any = portico.main(args=args, prog_name="portico", standalone_mode=False)
    except UserError as error:
        click.echo("\n".join(f"portico: {line}" for line in str(error).splitlines()), err=True)
        sys.exit(1)
    except click.UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"portico: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:  # `portico logs | head` has seen enough
        sys.stderr.close()
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)
