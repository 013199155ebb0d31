"""Prints what verbs return: for people as lines and tables, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
UNITS = (("d", 86400), ("h", 3600), ("min", 60))


def as_json(value: Any) -> None:
    """The value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def either(json_wanted: bool, value: Any, text: str) -> None:
    """The value as JSON where that is wanted, else the text."""
    if json_wanted:
        as_json(value)
    else:
        click.echo(text)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under their headings, in columns as wide as their longest entry."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    for number, row in enumerate([headings, *rows]):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


def memory_text(size: int) -> str:
    """Bytes for a person: "0", "74 MB"."""
    return f"{size / 1_000_000:.0f} MB" if size else "0"


def time_text(seconds: float) -> str:
    """A span for a person: "3 s", "5 min", "2 h", "4 d"."""
    for unit, length in UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def site_status(status: Mapping[str, Any]) -> None:
    """What `portico status` tells."""
    click.echo(
        f"{status['name']} at {status['url']}, up {time_text(status['uptime'])}, process {status['pid']}"
    )
    rows = [_row(app["name"], app, " ".join(app["addresses"])) for app in status["apps"]]
    rows += [_row("gate", status["gate"], ""), _row("front", status["front"], "")]
    table(["APP", "STATE", "FOR", "PID", "MEMORY", "REQUESTS", "RESTARTS", "ADDRESS"], rows)
    for app in [*status["apps"], status["gate"]]:
        if app["fault"]:
            click.echo(f"{app['name']}: {app['fault']}")


def _row(name: str, entry: Mapping[str, Any], address: str) -> list[str]:
    return [
        name,
        entry["state"],
        time_text(entry["uptime"]),
        ",".join(map(str, entry["pids"])) or "-",
        memory_text(entry["memory"]),
        str(entry.get("requests", "")),
        str(entry["restarts"]),
        address,
    ]
