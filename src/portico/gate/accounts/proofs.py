"""Proofs by mail: a forgotten password, an address that is confirmed, an address that changes.

What a stranger can ask for is written down alike for every address; the thread that delivers mail then finds out
whether there is an account. So the answer takes the same time and says the same whether there is one or not.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import clock, mail
from portico.gate.accounts import addresses, links
from portico.gate.accounts.actions import AddressTakenError, LinkSpentError, note_proven
from portico.gate.accounts.links import LIFETIME, LinkKind
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.models import Invitation, Link, LinkedAccount, Person

MAILS_IN_A_WHILE = 3  # as many as a stranger can have sent to somebody in half an hour
A_WHILE = timedelta(minutes=30)
FORGOTTEN, NEW_ADDRESS = "forgotten", "new-address"


@one_transaction
def ask_for_reset(db: Session, ip: str, address: str) -> None:
    """Have a link for a new password sent to this address, if there is an account with it."""
    mail.ask(db, FORGOTTEN, lifetime=LIFETIME[LinkKind.RESET], address=address, ip=ip)
    note(db, Actor("nobody", ip), "reset-link-asked", address)


def send_reset_link(db: Session, *, address: str, ip: str, letter: str = FORGOTTEN) -> None:
    """The errand: mail the link. A link that was sent before stays good: nobody can take it away by asking again."""
    person = db.scalar(select(Person).where(Person.email == address, Person.active))
    token = _mailed_link(db, person, LinkKind.RESET) if person and not person.has_ended else None
    if person is None or token is None:
        return
    linked = select(LinkedAccount.id).where(LinkedAccount.person_id == person.id).limit(1)
    if not person.password and db.scalar(linked) is not None:
        # The other system has the password, and says when the account ends. Nobody gets this token: it only counts.
        mail.post(db, address, "signs-in-elsewhere", ip=ip)
        return
    mail.post(db, address, letter, lifetime=LIFETIME[LinkKind.RESET], path=f"/-/reset/{token}", ip=ip)
    note(db, Actor("forgotten password", ip), "reset-link-issued", address, by="mail")


@one_transaction
def ask_for_verification(db: Session, actor: Actor, person: Person) -> None:
    """Mail the person a link that proves that the address is theirs."""
    if person.email_verified:
        return
    if token := _mailed_link(db, person, LinkKind.VERIFY):
        mail.post(db, person.email, "verify", lifetime=LIFETIME[LinkKind.VERIFY], path=f"/-/verify/{token}")
        note(db, actor, "verification-asked", person.email)


@one_transaction
def verify(db: Session, ip: str, token: str, person: Person) -> None:
    """Use the link: the address is this person's. LinkSpentError when it is not good, or another's."""
    link = links.use(db, LinkKind.VERIFY, token)
    if link is None or link.person_id != person.id or link.data["mailed"] != person.email:
        raise LinkSpentError
    links.revoke(db, LinkKind.VERIFY, person)
    note_proven(db, Actor(person.email, ip), person)


@one_transaction
def ask_for_new_address(db: Session, actor: Actor, person: Person, address: str) -> None:
    """Have a link sent to the new address; the old one is told at once. Nothing changes until the link is used."""
    lifetime = LIFETIME[LinkKind.ADDRESS]
    mail.ask(db, NEW_ADDRESS, lifetime=lifetime, person_id=person.id, address=address)
    mail.notify(db, person, "address-change-asked", new=address, ip=actor.ip)
    note(db, actor, "address-change-asked", person.email, new=address)


def send_address_link(db: Session, *, person_id: int, address: str) -> None:
    """The errand: mail the link to the new address, or say there that the address has an account already."""
    person = db.get(Person, person_id)
    if person is None or not person.active:
        return
    token = _mailed_link(db, person, LinkKind.ADDRESS, address)
    if token is None:
        return
    if db.scalar(select(Person.id).where(Person.email == address)) is not None:
        mail.post(db, address, "address-taken")
        return
    mail.post(db, address, "new-address", lifetime=LIFETIME[LinkKind.ADDRESS], path=f"/-/new-address/{token}")


def pending_address(db: Session, token: str, person: Person) -> str | None:
    """The address that this link gives to this person; None when it is not good, or another's."""
    link = links.find(db, LinkKind.ADDRESS, token)
    return str(link.data["mailed"]) if link is not None and link.person_id == person.id else None


@one_transaction
def use_address_link(db: Session, ip: str, token: str, person: Person) -> None:
    """Move the account to the address that the link was sent to. LinkSpentError, AddressTakenError."""
    link = links.use(db, LinkKind.ADDRESS, token)
    if link is None or link.person_id != person.id:
        raise LinkSpentError
    _move(db, Actor(person.email, ip), person, str(link.data["mailed"]))


@one_transaction
def change_address(db: Session, actor: Actor, person: Person, address: str) -> None:
    """Move the account to an address that the actor vouches for; the old one is told. AddressTakenError."""
    _move(db, actor, person, addresses.normalise(address))


def _move(db: Session, actor: Actor, person: Person, address: str) -> None:
    before = person.email
    if before == address:
        raise UserError(f"{address} is the address of this account already")
    mail.notify(db, person, "address-changed", new=address, ip=actor.ip)
    try:
        with db.begin_nested():
            person.email = address
            person.email_verified = True
    except IntegrityError:
        raise AddressTakenError(f"there is an account with the address {address} already") from None
    for kind in (LinkKind.RESET, LinkKind.VERIFY, LinkKind.ADDRESS):  # they went to the old address
        links.revoke(db, kind, person)
    db.execute(update(Invitation).where(Invitation.invited_by == before).values(invited_by=address))
    note(db, actor, "address-changed", address, before=before)


def _mailed_link(db: Session, person: Person, kind: LinkKind, address: str = "") -> str | None:
    """The token of a new link that goes to this address (default: the person's); None when there were many lately."""
    lately = (
        select(func.count())
        .select_from(Link)
        .where(Link.person_id == person.id, Link.kind == kind, Link.created_at > clock.now() - A_WHILE)
    )
    if (db.scalar(lately) or 0) >= MAILS_IN_A_WHILE:
        return None
    return links.make(db, kind, person, mailed=address or person.email)
