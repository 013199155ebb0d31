"""`portico user` on one account: open, closed, vouched for, moved, ending, deleted."""

from __future__ import annotations

from pathlib import Path

import click

from portico.cli import render
from portico.cli.person import as_dict, found, of_person, say


@click.command("disable")
@of_person
def disable(email: str, file: Path | None, as_json: bool) -> None:
    """Close an account: the person is signed out everywhere and cannot sign in."""
    from portico.gate.accounts import actions

    with found(file, email) as (db, me, person):
        actions.disable(db, me, person)
    say(person, "is disabled.", as_json)


@click.command("enable")
@of_person
def enable(email: str, file: Path | None, as_json: bool) -> None:
    """Open an account again."""
    from portico.gate.accounts import actions

    with found(file, email) as (db, me, person):
        actions.enable(db, me, person)
    say(person, "is enabled.", as_json)


@click.command("verify")
@of_person
def verify(email: str, file: Path | None, as_json: bool) -> None:
    """Vouch for it that the address of a person who signed up by themselves is theirs."""
    from portico.gate.accounts import actions

    with found(file, email) as (db, me, person):
        actions.verify_address(db, me, person)
    say(person, "is verified.", as_json)


@click.command("address")
@of_person
@click.argument("new")
def address(email: str, new: str, file: Path | None, as_json: bool) -> None:
    """Move an account to another address, for which you vouch; the old one is told by mail."""
    from portico.gate.accounts import proofs

    with found(file, email) as (db, me, person):
        proofs.change_address(db, me, person, new)
    say(person, "is the address now.", as_json)


@click.command("until")
@of_person
@click.argument("moment")
def until(email: str, moment: str, file: Path | None, as_json: bool) -> None:
    """Make a person a guest, whose account ends at MOMENT: 2030-12-31, 2030-12-31T18:00Z, 30d, or "never"."""
    from portico.cli.moments import moment_of
    from portico.gate.accounts import ends

    end = None if moment == "never" else moment_of(moment)
    with found(file, email) as (db, me, person):
        ends.set_end(db, me, person, end)
    say(person, f"ends at {end:%Y-%m-%d %H:%M} UTC." if end else "has no end.", as_json)


@click.command("delete")
@click.option("--yes", is_flag=True, help="Do not ask.")
@of_person
def delete(email: str, yes: bool, file: Path | None, as_json: bool) -> None:
    """Delete an account with everything that belongs to it; the audit stays. To close one, disable it."""
    from portico.gate.accounts import my_data

    with found(file, email) as (db, me, person):
        shown = as_dict(person)
        if not yes:
            click.confirm(f"Delete {person.email} for good?", abort=True, err=True)
        my_data.delete_person(db, me, person)
    render.either(as_json, shown, f"{shown['email']} is deleted.")


VERBS = (disable, enable, verify, address, until, delete)
