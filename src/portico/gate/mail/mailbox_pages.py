"""The mailbox of `portico dev`: the mails that the site would have sent. It exists where no mail server is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select

from portico.gate.mail.letters import Letter
from portico.gate.mail.office import PostOffice, UnreadableError
from portico.gate.models import OutgoingMail
from portico.gate.permissions import public
from portico.gate.state import gate

blueprint = Blueprint("mailbox", __name__, url_prefix="/-/mailbox")
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail in the mailbox."""

    number: int
    at: datetime
    letter: Letter


@blueprint.before_request
def on_this_machine_only() -> None:
    """Whoever tricks a browser into another name for this machine reads no mail."""
    if request.host != urlsplit(gate().site.url).netloc:
        abort(404)


@blueprint.get("")
@public
def mailbox() -> str:
    """The newest mails, whole."""
    office = PostOffice(gate().site)
    rows = gate().db.scalars(
        select(OutgoingMail).where(OutgoingMail.errand == "").order_by(OutgoingMail.id.desc()).limit(SHOWN)
    )
    return render_template("mailbox.html", mails=[kept for row in rows if (kept := _open(office, row))])


def _open(office: PostOffice, row: OutgoingMail) -> Kept | None:
    try:
        return Kept(row.id, row.created_at, Letter(**office.open(row.sealed)))
    except UnreadableError:
        return None
