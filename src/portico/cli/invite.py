"""`portico invite`: invitations, on the site's database, whether or not the site is running."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli import render
from portico.cli.family import Family
from portico.cli.place import read_place, served_url, site_file
from portico.cli.render import json_option
from portico.errors import UserError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portico.gate.models import Invitation


@click.group("invite", cls=Family)
def command() -> None:
    """Invite people by mail or by a link; list and withdraw invitations; list who asks for an account."""


@command.command("add")
@click.argument("email", required=False)
@click.option("--role", "roles", multiple=True, help="A role; may be given several times.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=7, show_default=True, help="How long the link is good."
)
@site_file
@json_option
def add(email: str | None, roles: Sequence[str], days: int, file: Path | None, as_json: bool) -> None:
    """Invite the owner of an address, or, without one, make a link for whoever gets it.

    The link works once. It goes out by mail where the site sends mail, and is printed in any case.
    """
    from portico.gate import mail
    from portico.gate.accounts import desk, invitations
    from portico.gate.audit import COMMAND_LINE

    site = read_place(file)
    with desk.open_desk(site) as db:
        invitation, token = invitations.invite(
            db, COMMAND_LINE, email, roles=roles, lifetime=timedelta(days=days)
        )
        shown = _invitation(db, invitation)
    link = f"{served_url(site, file)}/-/invitation/{token}"
    if as_json:
        render.as_json(shown | {"link": link})
        return
    sent = invitation.email is not None and mail.configured(site)
    if sent:
        click.echo(
            f"{invitation.email} is invited; the mail goes out while the site is served. The link in it:"
        )
    else:
        click.echo(f"The link for {invitation.email or 'whoever you give it to'}, good for {days} days:")
    click.echo(link)


@command.command("list")
@click.option(
    "--all", "everything", is_flag=True, help="Also those that were used, withdrawn, or have run out."
)
@site_file
@json_option
def list_invitations(everything: bool, file: Path | None, as_json: bool) -> None:
    """List the invitations that are open."""
    from sqlalchemy import select

    from portico.gate.accounts import desk
    from portico.gate.models import Invitation

    with desk.open_desk(read_place(file)) as db:
        found = [_invitation(db, one) for one in db.scalars(select(Invitation).order_by(Invitation.id))]
    shown = [one for one in found if everything or one["state"] == "open"]
    if as_json:
        render.as_json(shown)
        return
    rows = [
        [
            str(one["number"]),
            one["email"] or "(link)",
            ",".join(one["roles"]) or "-",
            one["state"],
            one["until"],
            one["by"],
        ]
        for one in shown
    ]
    render.table(["NUMBER", "ADDRESS", "ROLES", "STATE", "UNTIL", "BY"], rows)


@command.command("withdraw")
@click.argument("number", type=int)
@site_file
@json_option
def withdraw(number: int, file: Path | None, as_json: bool) -> None:
    """Take an invitation back, by its number in the list."""
    from portico.gate.accounts import actions, desk, invitations
    from portico.gate.audit import COMMAND_LINE

    with desk.open_desk(read_place(file)) as db:
        try:
            invitations.withdraw(db, COMMAND_LINE, number)
        except actions.LinkSpentError:
            raise UserError(f"there is no open invitation {number}; see `portico invite list`") from None
    if as_json:
        render.as_json({"number": number, "state": "withdrawn"})
    else:
        click.echo(f"Invitation {number} is withdrawn.")


@command.command("asked")
@site_file
@json_option
def list_asked(file: Path | None, as_json: bool) -> None:
    """List who asks for an account, where sign_up is "ask". `portico invite add` says yes."""
    from portico.gate.accounts import asked, desk

    with desk.open_desk(read_place(file)) as db:
        found = [
            link.data | {"asked": link.created_at.isoformat(timespec="seconds")}
            for link in db.scalars(asked.waiting())
        ]
    found.sort(key=lambda one: str(one["asked"]))
    if as_json:
        render.as_json(found)
    else:
        rows = [[one["email"], one["name"] or "-", one["asked"]] for one in found]
        render.table(["ADDRESS", "NAME", "ASKED"], rows)


@command.command("dismiss")
@click.argument("email")
@site_file
@json_option
def dismiss(email: str, file: Path | None, as_json: bool) -> None:
    """Take somebody who asks for an account off the list. Nobody is told."""
    from portico.gate.accounts import addresses, asked, desk
    from portico.gate.audit import COMMAND_LINE

    address = addresses.normalise(email)
    with desk.open_desk(read_place(file)) as db:
        asked.dismiss(db, COMMAND_LINE, address)
    if as_json:
        render.as_json({"email": address, "state": "dismissed"})
    else:
        click.echo(f"{address} is off the list.")


def _invitation(db: Session, invitation: Invitation) -> dict[str, Any]:
    from portico.gate.accounts import invitations

    return {
        "number": invitation.id,
        "email": invitation.email,
        "roles": list(invitation.roles),
        "state": invitations.state_of(db, invitation),
        "until": invitation.expires_at.isoformat(timespec="seconds"),
        "by": invitation.invited_by,
    }
