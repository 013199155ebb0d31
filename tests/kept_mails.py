"""The mailbox of a gate under test: what it would have sent, as its development mailbox keeps it."""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy import func, select

from gate_client import GateUnderTest
from portico.gate.mail.letters import Letter
from portico.gate.mail.office import PostOffice
from portico.gate.models import OutgoingMail
from portico.site import Site
from portico.site.mail import MAILBOX, Mail


def with_mailbox(site: Site, **changes: object) -> Site:
    """The site with mails that are kept instead of sent."""
    return replace(site, mail=Mail(MAILBOX), **changes)  # type: ignore[arg-type]


def mails(gate: GateUnderTest, to: str = "") -> list[Letter]:
    """All mails so far, once all errands are done; those to one address."""
    office = PostOffice(gate.site)
    with gate.desk() as db:
        end = time.monotonic() + 20
        while db.scalar(select(func.count()).select_from(OutgoingMail).where(OutgoingMail.errand != "")):
            db.rollback()
            assert time.monotonic() < end, "an errand was not done"
            time.sleep(0.02)
        db.rollback()
        letters = [
            Letter(**office.open(row.sealed))
            for row in db.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
        ]
    return [letter for letter in letters if to in ("", letter.to)]
