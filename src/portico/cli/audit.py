"""`portico audit`: who did what, when and from where, from the site's database, whether or not the site is running."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli.place import read_place, site_file
from portico.errors import UserError
from portico.site import duration
from portico.site.problems import Wrong

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portico.gate.audit.reading import Question
    from portico.gate.models import AuditLine

LATEST = 50  # lines that are shown when nothing says how many
LOOK_AROUND = 1.0  # seconds between looks for new lines
LATE = timedelta(minutes=1)  # a line may become visible so much later than the time that it bears
REMEMBERED = 10_000


class Moment(click.ParamType[datetime]):
    """A day, a moment, or a span before now ("2d"), as a time in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time; a usage error for anything else."""
        if isinstance(value, datetime):
            return value
        with suppress(Wrong):
            return datetime.now(UTC) - timedelta(seconds=duration(value))
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f'"{value}" is no time; write it like 2026-11-21, 2026-11-21T13:00 or 2d', param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.command("audit")
@click.option("--person", default="", help="Only what this person did, or what was done to them.")
@click.option("--action", default="", help="Only lines of this kind, such as sign-in-failed.")
@click.option("--address", default="", help="Only what came from this network address.")
@click.option("--since", type=Moment(), help="Only from then on: 2026-11-21, or 2d for the last two days.")
@click.option("--until", type=Moment(), help="Only before then.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"Only the newest so many. Without it and without --since: {LATEST}; with --json: all.",
)
@click.option("--follow", is_flag=True, help="Go on with new lines until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, all of them.")
@site_file
def command(  # noqa: PLR0917  click gives the options by name
    person: str,
    action: str,
    address: str,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    follow: bool,
    as_json: bool,
    file: Path | None,
) -> None:
    """Show the audit: who did what, when and from where; the newest line comes last."""
    from portico.gate.accounts import desk
    from portico.gate.audit.reading import Question, as_record

    if follow and until is not None:
        raise UserError("--follow goes on from now; leave out --until")
    question = Question(person, action, address, since, until)
    if limit is None and since is None and not as_json:
        limit = LATEST
    with desk.open_desk(read_place(file)) as db:
        for line in _lines(db, question, limit, follow):
            click.echo(json.dumps(as_record(line), ensure_ascii=False) if as_json else _text(line))


def _lines(db: Session, question: Question, limit: int | None, follow: bool) -> Iterator[AuditLine]:
    from portico.gate.audit import reading

    seen: OrderedDict[int, None] = OrderedDict()
    found = reading.newest(db, question, limit) if limit is not None else reading.lines(db, question)
    for line in found:
        seen[line.id] = None
        if len(seen) > REMEMBERED:
            seen.popitem(last=False)
        yield line
    while follow:
        time.sleep(LOOK_AROUND)
        yield from _new(db, question, seen)


def _new(db: Session, question: Question, seen: OrderedDict[int, None]) -> Iterator[AuditLine]:
    """Lines that have come. A transaction may be seen later than its time, so each look goes back a minute."""
    from dataclasses import replace

    from portico.gate import clock
    from portico.gate.audit import reading

    back = clock.now() - LATE
    since = max(back, question.since) if question.since else back
    for line in reading.lines(db, replace(question, since=since)):
        if line.id not in seen:
            seen[line.id] = None
            yield line
    while len(seen) > REMEMBERED:
        seen.popitem(last=False)


def _text(line: AuditLine) -> str:
    """One line for a person."""
    detail = " ".join(
        f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in line.detail.items()
        if value not in (None, [], "")
    )
    subject = line.subject if line.subject != line.actor else ""
    parts = (f"{line.at:%Y-%m-%d %H:%M:%S}", line.action, line.actor, subject, line.ip, detail)
    text = click.unstyle("  ".join(part for part in parts if part))
    # A terminal takes no orders from what somebody typed.
    return "".join(letter if letter.isprintable() else "?" for letter in text)
