"""What `portico init` tells: the apps, what it will write, what differs, what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click

from portico.cli import render
from portico.kit import RECORD_NAME, Compared, State
from portico.kit.plan import Plan
from portico.site import FILE_NAME
from portico.site.discovery import Discovery

WILL_BE = {
    State.NEW: "new",
    State.SAME: "same",
    State.OLDER: "replaced: as an older Portico wrote it",
    State.YOURS: "yours: stays",
    State.DIFFERS: "yours: stays, Portico's is another (see below)",
    State.DROPPED: "no longer Portico's: stays, remove it when nothing needs it",
}
IS = WILL_BE | {
    State.NEW: "missing",
    State.OLDER: "older, not changed by you",
    State.YOURS: "changed by you",
    State.DIFFERS: "changed by you, and Portico's is another by now",
    State.DROPPED: "no longer Portico's",
}
NEXT = {
    "docker": "docker compose up --build -d",
    "vagrant": "vagrant up",
    "cloud-init": "give cloud-init/user-data.yaml to a new machine",
    "systemd": "install systemd/ on the server",
}


def apps(discovery: Discovery) -> None:
    """The apps found with the reason for each, and what was left out."""
    rows = [[app.name, app.kind, app.path or f"/{app.name}", app.where, app.why] for app in discovery.apps]
    render.table(["APP", "KIND", "PATH", "FOUND AT", "BY"], rows)
    if discovery.notes:
        click.echo("\nLeft out:")
        for note in discovery.notes:
            click.echo(f"  {note}")
    click.echo()


def intended(plan: Plan) -> None:
    """Each file with what will become of it; nothing where only portico.toml is written."""
    rows = [[own.path, own.what] for own in plan.own] + _rows(plan.files, WILL_BE)
    rows += [[RECORD_NAME, "says what Portico wrote; commit it"]] if plan.record else []
    if rows and [own.path for own in plan.own] + [one.path for one in plan.files] != [FILE_NAME]:
        render.table(["FILE", "WILL BE"], rows)
        click.echo()
    _units(plan)
    notes(plan)


def found(plan: Plan) -> None:
    """What `--check` found: each file's state, the differences, the notes."""
    render.table(["FILE", "IS"], _rows(plan.files, IS))
    click.echo()
    differences(plan.files, {State.OLDER, State.YOURS, State.DIFFERS})
    notes(plan)


def notes(plan: Plan) -> None:
    """What a person should know beside the files."""
    for note in plan.notes:
        click.echo(f"Note: {note}")
    if plan.notes:
        click.echo()


def differences(files: Iterable[Compared], states: set[State]) -> None:
    """The unified diffs of the files in these states, from what is there to what Portico would write."""
    for one in files:
        text = one.diff() if one.state in states else ""
        for line in text.splitlines():
            click.secho(line, fg={"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))
        if text:
            click.echo()


def how_to_keep(plan: Plan) -> str:
    """What to do about the files that differ."""
    options = " ".join(f"--keep {one.path}" for one in plan.differing)
    return (
        "What differs stays as it is. Take over what you like of it (the differences are patches for your files), "
        f"then say that you have seen it: portico init {options}"
    )


def as_json(plan: Plan, discovery: Discovery | None, written: Iterable[str]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "file": str(plan.root / FILE_NAME),
        "apps": [asdict(app) for app in discovery.apps] if discovery else [],
        "notes": [*(discovery.notes if discovery else ()), *plan.notes],
        "places": list(plan.places),
        "files": [
            *({"path": own.path, "state": "own", "what": own.what} for own in plan.own),
            *({"path": one.path, "state": one.state.value, "diff": one.diff()} for one in plan.files),
        ],
        "written": list(written),
        "out_of_date": plan.out_of_date,
    }


def _rows(files: Iterable[Compared], words: dict[State, str]) -> list[list[str]]:
    """A row a file; what is new or the same in a folder is one row."""
    groups: dict[tuple[str, State | None], list[Compared]] = {}
    for one in files:
        folder, slash, _ = one.path.partition("/")
        together = slash and one.state in (State.NEW, State.SAME)
        groups.setdefault((f"{folder}/", one.state) if together else (one.path, None), []).append(one)
    return [
        [name, f"{words[ones[0].state]} ({len(ones)} files)"]
        if len(ones) > 1
        else [ones[0].path, words[ones[0].state]]
        for (name, _), ones in groups.items()
    ]


def _units(plan: Plan) -> None:
    if plan.record and plan.record.units:
        units = plan.record.units
        click.echo(
            f"systemd: the site in {units.folder}, as the user {units.user}, by {units.program}; --at and --user change "
            "that\n"
        )
