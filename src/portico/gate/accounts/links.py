"""Links that work once: their tokens are random, kept only as hashes, and expire."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import String, delete, literal, select
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.people import may_still_open
from portico.gate.models import Link, Person
from portico.gate.sessions import hash_token, new_token, well_formed


class LinkKind(StrEnum):
    """What a link is for."""

    FIRST_RUN = "first-run"
    RESET = "reset"
    TICKET = "ticket"
    FRAME = "frame"  # an app in one page of another site
    SIGN_UP = "sign-up"
    VERIFY = "verify"
    ADDRESS = "address"
    FLOW = "sso"  # a sign-in that is under way at a provider
    ASKED = "asked"  # opens nothing: an account that somebody asks for
    JOIN = "join"  # an account elsewhere that waits for the sign-in of the account here


LIFETIME = {
    LinkKind.FIRST_RUN: timedelta(days=7),
    LinkKind.RESET: timedelta(minutes=30),
    LinkKind.TICKET: timedelta(seconds=30),
    LinkKind.FRAME: timedelta(seconds=60),
    LinkKind.SIGN_UP: timedelta(days=1),
    LinkKind.VERIFY: timedelta(days=1),
    LinkKind.ADDRESS: timedelta(days=1),
    LinkKind.FLOW: timedelta(minutes=10),
    LinkKind.JOIN: timedelta(minutes=15),
    LinkKind.ASKED: timedelta(days=30),
}


def make(
    db: Session,
    kind: LinkKind,
    person: Person | None = None,
    *,
    lifetime: timedelta | None = None,
    **data: Any,
) -> str:
    """Add a link and forget those that have run out; returns its token, which is kept nowhere else."""
    now = clock.now()
    db.execute(delete(Link).where(Link.expires_at < now))
    token = new_token()
    person_id = person.id if person else None
    db.add(
        Link(
            kind=kind,
            token_hash=hash_token(token),
            person_id=person_id,
            expires_at=now + (lifetime or LIFETIME[kind]),
            data=data,
        )
    )
    return token


def find(db: Session, kind: LinkKind, token: str) -> Link | None:
    """The link that this token opens, if it is still good. Looking does not use it up.

    One that says who made it (`by`) ends with what that one may do.
    """
    if not well_formed(token):
        return None
    found = db.scalar(
        select(Link).where(
            Link.token_hash == hash_token(token), Link.kind == kind, Link.expires_at > clock.now()
        )
    )
    by = found.data.get("by") if found else None
    return found if by is None or db.scalar(select(may_still_open(literal(by, String)))) else None


def use(db: Session, kind: LinkKind, token: str) -> Link | None:
    """Take the link away and return what it said; None when it is not good any more.

    Of two at once, one gets it.
    """
    link = find(db, kind, token)
    if link is None:
        return None
    db.expunge(link)
    taken = db.execute(delete(Link).where(Link.id == link.id))
    return link if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def revoke(db: Session, kind: LinkKind, person: Person | None = None) -> None:
    """Take away all links of a kind, or those of one person."""
    gone = delete(Link).where(Link.kind == kind)
    db.execute(gone if person is None else gone.where(Link.person_id == person.id))
