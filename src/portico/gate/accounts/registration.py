"""Making one's own account where mail is sent: the form writes a request down, a link sent by mail makes the account.

Nobody learns from the form whether an address has an account: the thread that delivers mail finds that out, and only
the owner of the mailbox gets to know. The link asks for the password that was chosen, so that whoever types in
somebody else's address cannot have them confirm an account whose password they do not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portico.gate import clock, mail
from portico.gate.accounts import invitations, links
from portico.gate.accounts.actions import LinkSpentError, add_person
from portico.gate.accounts.links import LIFETIME, LinkKind
from portico.gate.accounts.proofs import A_WHILE, MAILS_IN_A_WHILE, send_reset_link
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.models import Invitation, Link, Person

SIGN_UP = "sign-up"
_ADDRESS = Link.data["email"].as_string()


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wrote into the register form. `target` is where they wanted to go, `invitation` how they came."""

    email: str
    name: str
    password_hash: str
    target: str = ""
    invitation: int | None = None


@one_transaction
def ask(db: Session, ip: str, request: Request) -> None:
    """Write the request down: the same work whether or not the address has an account."""
    mail.ask(
        db,
        SIGN_UP,
        lifetime=LIFETIME[LinkKind.SIGN_UP],
        email=request.email,
        name=request.name,
        password_hash=request.password_hash,
        target=request.target,
        invitation=request.invitation,
        ip=ip,
    )
    note(db, Actor("nobody", ip), "sign-up-asked", request.email)


def send_confirmation(db: Session, *, email: str, ip: str, **wanted: Any) -> None:
    """The errand: mail the link that makes the account, or, to whoever has one, a link for its password."""
    person = db.scalar(select(Person).where(Person.email == email))
    if person is not None:
        send_reset_link(db, address=email, ip=ip, letter="sign-up-known")
        return
    lately = (
        select(func.count())
        .select_from(Link)
        .where(Link.kind == LinkKind.SIGN_UP, email == _ADDRESS, Link.created_at > clock.now() - A_WHILE)
    )
    if (db.scalar(lately) or 0) >= MAILS_IN_A_WHILE:
        return
    token = links.make(db, LinkKind.SIGN_UP, None, email=email, **wanted)
    mail.post(db, email, "confirm", lifetime=LIFETIME[LinkKind.SIGN_UP], path=f"/-/new-account/{token}")


def find(db: Session, token: str) -> Request | None:
    """What was asked for with this link; None when it is not good."""
    link = links.find(db, LinkKind.SIGN_UP, token)
    return Request(**link.data) if link is not None else None


@one_transaction
def confirm(db: Session, ip: str, token: str) -> Person:
    """Make the account: its address is verified. The caller has seen the password. LinkSpentError, AddressTakenError."""
    link = links.use(db, LinkKind.SIGN_UP, token)
    if link is None:
        raise LinkSpentError
    request = Request(**link.data)
    invitation = _invitation(db, request)
    actor = Actor(f"invitation of {invitation.invited_by}" if invitation else request.email, ip)
    person = add_person(
        db,
        actor,
        request.email,
        name=request.name,
        password_hash=request.password_hash,
        roles=invitations.roles_left(db, invitation) if invitation else (),
        email_verified=True,
    )
    if invitation:
        invitations.use(db, invitation, person, ip)
    db.execute(delete(Link).where(Link.kind == LinkKind.SIGN_UP, request.email == _ADDRESS))
    return person


def _invitation(db: Session, request: Request) -> Invitation | None:
    """The invitation that the request came with, or one that waits for its address. LinkSpentError: it is gone."""
    if request.invitation is None:
        return invitations.waiting_for(db, request.email)
    invitation = db.get(Invitation, request.invitation)
    if invitation is None:
        raise LinkSpentError
    return invitation
