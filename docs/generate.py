"""Writes the pages of docs/ and nginx/ that are made from the code: `make docs`. Tests hold each to its generator."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from portico.cli import VERBS, portico
from portico.serve.front.pages import render_outer_pages
from portico.site import reference

DOCS = Path(__file__).parent
HEAD = """\
# Commands

`portico COMMAND --help` says the same in a terminal. Every command finds its site by itself: `portico.toml` in this
folder or in a folder above, or the file that `--file` names.

This page is made from the code (`docs/generate.py`); a test keeps the two equal.

Exit codes: 0 done, 1 a mistake that a person can mend (the line says which), 2 wrong usage, 130 interrupted.
"""


def main() -> None:
    """Write every page."""
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), "utf-8")
    for name, page in render_outer_pages().items():
        (DOCS.parent / "nginx/pages" / name).write_text(page, "utf-8")


def commands() -> str:
    """The page of commands: every verb under its heading, with its arguments and options."""
    top = click.Context(portico, info_name="portico")
    parts = [HEAD, _overview()]
    for heading, verbs in VERBS.items():
        parts.append(f"## {heading}\n")
        for verb in verbs:
            command = portico.get_command(top, verb)
            assert command is not None  # noqa: S101 - the list and the commands are one dictionary
            parts += [_section(one, context, level) for one, context, level in _tree(verb, command, top)]
    return "\n".join(parts)


def _overview() -> str:
    rows = [
        f"| [`portico {verb}`](#portico-{verb}) | {line} |"
        for group in VERBS.values()
        for verb, line in group.items()
    ]
    return "\n".join(["| command | effect |", "|---|---|", *rows, ""])


def _tree(
    name: str, command: click.Command, parent: click.Context
) -> Iterator[tuple[click.Command, click.Context, int]]:
    """A command, then its subcommands, each with its context and the level of its heading."""
    context = click.Context(command, info_name=name, parent=parent)
    yield command, context, 2 + len(context.command_path.split()) - 1
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None and not found.hidden:
                yield from _tree(sub, found, context)


def _section(command: click.Command, context: click.Context, level: int) -> str:
    """Heading, usage, what it does, and a table of its options."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    text = [
        f"{'#' * level} {context.command_path}\n",
        f"    {usage}\n",
        inspect.cleandoc(command.help or "").replace("\b\n", "") + "\n",
    ]
    options = [
        one
        for one in command.get_params(context)
        if isinstance(one, click.Option) and "--help" not in one.opts
    ]
    if options:
        rows = [_row(one, context) for one in options]
        text.append("\n".join(["| option | effect |", "|---|---|", *rows]) + "\n")
    return "\n".join(text)


def _row(option: click.Option, context: click.Context) -> str:
    names, effect = (text.replace("|", "\\|") for text in option.get_help_record(context) or ("", ""))
    return f"| `{names}` | {effect} |"


PAGES = {"reference/site-file.md": reference.markdown, "reference/commands.md": commands}


if __name__ == "__main__":
    main()
