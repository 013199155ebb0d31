"""Invitations: by mail or by a link that is handed over, with roles, an end, and one use."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from portico.errors import UserError
from portico.gate import clock, mail
from portico.gate.accounts import addresses, asked
from portico.gate.accounts.actions import AddressTakenError, LinkSpentError, add_person
from portico.gate.accounts.people import find_roles, may_still_open
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.models import Invitation, Person, Role
from portico.gate.sessions import hash_token, new_token, well_formed

LIFETIME = timedelta(days=7)
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=90)
_OPEN = (Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None))


@one_transaction
def invite(
    db: Session,
    actor: Actor,
    email: str | None,
    *,
    roles: Iterable[str] = (),
    lifetime: timedelta = LIFETIME,
) -> tuple[Invitation, str]:
    """Invite the owner of an address, or (None) whoever gets the link; returns the invitation and its token.

    The mail goes out where the site sends mail. An earlier invitation of the same address ends. AddressTakenError.
    """
    if not SHORTEST <= lifetime <= LONGEST:
        raise UserError(f"an invitation lasts from one hour to {LONGEST.days} days, not {lifetime}")
    wanted = sorted(role.name for role in find_roles(db, list(roles)))
    address = addresses.normalise(email) if email else None
    if address and db.scalar(select(Person.id).where(Person.email == address)) is not None:
        raise AddressTakenError(
            f"there is an account with the address {address} already; give it roles instead"
        )
    now, token = clock.now(), new_token()
    if address:
        earlier = update(Invitation).where(Invitation.email == address, *_OPEN)
        db.execute(earlier.values(withdrawn_at=now))
        asked.settle(db, address)
    invitation = Invitation(
        token_hash=hash_token(token),
        email=address,
        roles=wanted,
        invited_by=actor.name[:254],
        created_at=now,
        expires_at=now + lifetime,
    )
    db.add(invitation)
    note(db, actor, "invited", address or "", roles=wanted, until=invitation.expires_at.isoformat())
    _send(db, invitation, token)
    return invitation, token


@one_transaction
def renew(db: Session, actor: Actor, invitation_id: int) -> tuple[Invitation, str]:
    """Give an open invitation a new link and its whole time again; the old link ends. It is the actor's from now on.

    LinkSpentError: it is not open.
    """
    invitation = db.get(Invitation, invitation_id)
    if invitation is None or invitation.used_at or invitation.withdrawn_at:
        raise LinkSpentError
    token, now = new_token(), clock.now()
    invitation.invited_by = actor.name[:254]
    whole = invitation.expires_at - invitation.created_at
    invitation.token_hash, invitation.created_at, invitation.expires_at = hash_token(token), now, now + whole
    note(db, actor, "invitation-renewed", invitation.email or "", invitation=invitation.id)
    _send(db, invitation, token)
    return invitation, token


@one_transaction
def withdraw(db: Session, actor: Actor, invitation_id: int) -> None:
    """Take an invitation back. LinkSpentError when it is not open."""
    taken = db.execute(
        update(Invitation).where(Invitation.id == invitation_id, *_OPEN).values(withdrawn_at=clock.now())
    )
    if not _changed(taken):
        raise LinkSpentError
    invitation = db.get_one(Invitation, invitation_id, populate_existing=True)
    note(db, actor, "invitation-withdrawn", invitation.email or "", invitation=invitation_id)


def good() -> tuple[ColumnElement[bool], ...]:
    """What is true of an invitation that can be used: it ends with the rights of whoever made it, too."""
    by = may_still_open(Invitation.invited_by.expression)
    return (*_OPEN, Invitation.expires_at > clock.now(), by)


def find(db: Session, token: str) -> Invitation | None:
    """The invitation that this link is, when it is still good."""
    if not well_formed(token):
        return None
    return db.scalar(select(Invitation).where(Invitation.token_hash == hash_token(token), *good()))


def waiting_for(db: Session, address: str) -> Invitation | None:
    """The good invitation of this address, for those who prove it in another way than by the link."""
    return db.scalar(
        select(Invitation).where(Invitation.email == address, *good()).order_by(Invitation.id.desc()).limit(1)
    )


@one_transaction
def accept_as_new(db: Session, ip: str, token: str, email: str, *, name: str, password_hash: str) -> Person:
    """Make the account of an invitation. LinkSpentError, AddressTakenError.

    An address that was invited counts as verified: whoever invited it vouched for it, by mail or by handing the link
    over. One that was typed in does not.
    """
    invitation = find(db, token)
    if invitation is None:
        raise LinkSpentError
    invited = invitation.email is not None
    person = add_person(
        db,
        Actor(f"invitation of {invitation.invited_by}", ip),
        invitation.email or email,
        name=name,
        password_hash=password_hash,
        roles=roles_left(db, invitation),
        email_verified=invited,
    )
    use(db, invitation, person, ip)
    return person


@one_transaction
def accept_as(db: Session, ip: str, token: str, person: Person) -> None:
    """Give a person who has an account already what the invitation gives. LinkSpentError."""
    invitation = find(db, token)
    if invitation is None or invitation.email not in (None, person.email):
        raise LinkSpentError
    before = person.role_names
    names = before | set(roles_left(db, invitation))
    person.roles = find_roles(db, sorted(names))
    use(db, invitation, person, ip)
    if names - before:
        actor = Actor(f"invitation of {invitation.invited_by}", ip)
        note(db, actor, "roles-changed", person.email, added=sorted(names - before), removed=[])


def use(db: Session, invitation: Invitation, person: Person, ip: str) -> None:
    """Use the invitation up in the caller's transaction. LinkSpentError: of two at once, the other was first."""
    db.flush()
    used = db.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, *good())
        .values(used_at=clock.now(), used_by_id=person.id)
    )
    if not _changed(used):
        raise LinkSpentError
    note(db, Actor(person.email, ip), "invitation-accepted", person.email, invited_by=invitation.invited_by)


def roles_left(db: Session, invitation: Invitation) -> list[str]:
    """The invitation's roles without those that were removed from the site since."""
    known = set(db.scalars(select(Role.name).where(Role.name.in_(invitation.roles))))
    return [name for name in invitation.roles if name in known]


def state_of(db: Session, invitation: Invitation) -> str:
    """ "open", "accepted", "withdrawn" (by hand, or with the rights of whoever invited) or "expired"."""
    if invitation.used_at:
        return "accepted"
    if invitation.withdrawn_at:
        return "withdrawn"
    if invitation.expires_at <= clock.now():
        return "expired"
    still = db.scalar(select(Invitation.id).where(Invitation.id == invitation.id, *good()))
    return "open" if still is not None else "withdrawn"


def _send(db: Session, invitation: Invitation, token: str) -> None:
    if invitation.email:
        lifetime = invitation.expires_at - clock.now()
        mail.post(
            db,
            invitation.email,
            "invitation",
            lifetime=lifetime,
            path=f"/-/invitation/{token}",
            invitation=invitation,
        )


def _changed(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount == 1
