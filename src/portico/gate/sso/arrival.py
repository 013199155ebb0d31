"""What becomes of somebody for whom another place vouches: let in, made known, asked to join accounts, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portico.gate import clock, mail, origins
from portico.gate.accounts import addresses, belongings, invitations, links, sign_up_policy
from portico.gate.accounts.actions import add_person, tidy
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Invitation, LinkedAccount, Passkey, Person
from portico.gate.sso import brought_roles
from portico.gate.sso.statement import Statement
from portico.site import Joins, SignUp, Site

INVITATION = "/-/invitation/"
DISABLED = "This account is disabled. Ask an administrator of the site."


@dataclass(frozen=True, slots=True)
class Rules:
    """What the site does with people from one place. `sign_up` None: the site's own rule."""

    roles: tuple[tuple[str, str], ...] = ()
    sign_up: str | None = None
    joins: Joins = Joins.ASKED


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody comes from another place: what that says, what the site makes of it, and where they want to go."""

    site: Site
    ip: str
    statement: Statement
    rules: Rules
    target: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """This person may come in. `target`: where to go instead, when the page that they wanted has done its work."""

    person: Person
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """There is an account with the address: its owner must sign in to it once. `token` leads to the page for that."""

    token: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not this way; `why` is for the person."""

    why: str


Arrival = Welcome | Join | Refusal


@one_transaction
def arrive(db: Session, visit: Visit) -> Arrival:
    """Find or make the account of somebody who has signed in elsewhere, and bring its roles up to date."""
    account = find(db, visit.statement)
    arrival = _known(db, visit, account) if account is not None else _unknown(db, visit)
    if isinstance(arrival, Refusal):
        statement, nobody = visit.statement, Actor("nobody", visit.ip)
        note(db, nobody, "sign-in-refused", statement.email, via=statement.source, why=arrival.why)
    return arrival


def _known(db: Session, visit: Visit, account: LinkedAccount) -> Arrival:
    person = db.get_one(Person, account.person_id)
    if not person.active or person.has_ended:
        return Refusal(DISABLED)
    account.email = addresses.normalised(visit.statement.email)[:254]
    account.last_used_at = clock.now()
    return _welcome(db, visit, person)


def _unknown(db: Session, visit: Visit) -> Arrival:
    """Nobody has come with this account before. The address must be proven there before anything here is told."""
    title, address = visit.statement.title, addresses.normalised(visit.statement.email)
    if not address:
        return Refusal(f"Your account at {title} has no mail address that this site could know you by.")
    if not visit.statement.email_verified:
        return Refusal(
            f"{title} has not verified your mail address, so this site cannot take it as yours. "
            "Have it verified there, then try again."
        )
    serialize(db)
    if (account := find(db, visit.statement)) is not None:  # the same person in another window was faster
        return _known(db, visit, account)
    person = db.scalar(select(Person).where(Person.email == address))
    return _new(db, visit, address) if person is None else _namesake(db, visit, person)


def _namesake(db: Session, visit: Visit, person: Person) -> Arrival:
    """There is an account with the address, which this account elsewhere has not opened before."""
    if not person.active or person.has_ended:
        return Refusal(DISABLED)
    if opens(db, visit.rules.joins, person):
        if not person.email_verified:
            claim(db, visit, person)
        link(db, Actor(person.email, visit.ip), person, visit.statement)
        mail.notify(db, person, "account-linked", title=visit.statement.title, ip=visit.ip)
        return _welcome(db, visit, person)
    kept = visit.statement.as_json()
    return Join(links.make(db, LinkKind.JOIN, person, statement=kept, target=visit.target))


def _new(db: Session, visit: Visit, address: str) -> Arrival:
    by_link = _invitation_in(db, visit.target, address)
    waiting = invitations.waiting_for(db, address)
    invitation = by_link or (waiting if visit.rules.joins is not Joins.ASKED else None)
    why = _refusal(visit, address)
    if invitation is None and why is not None:
        if waiting is not None:
            why = "You are invited: open the link of the invitation, and sign in from the page behind it."
        return Refusal(f"There is no account for {address} here. {why}")
    actor = Actor(f"invitation of {invitation.invited_by}" if invitation else address, visit.ip)
    person = add_person(
        db,
        actor,
        address,
        name=visit.statement.name,
        password_hash=None,
        roles=invitations.roles_left(db, invitation) if invitation else (),
        email_verified=True,
    )
    if invitation is not None:
        invitations.use(db, invitation, person, visit.ip)
    link(db, Actor(address, visit.ip), person, visit.statement)
    return replace(_welcome(db, visit, person), target=origins.HOME if by_link else None)


def _invitation_in(db: Session, target: str, address: str) -> Invitation | None:
    """The invitation on whose page this sign-in began: whoever has its link was invited."""
    token = target.removeprefix(INVITATION)
    found = invitations.find(db, token) if target.startswith(INVITATION) else None
    return found if found is not None and found.email in (None, address) else None


def _refusal(visit: Visit, address: str) -> str | None:
    """Why there may be no new account for this address; the place's own rule goes before the site's."""
    own = visit.rules.sign_up
    site = replace(visit.site, sign_up=SignUp(own)) if own is not None else visit.site
    return sign_up_policy.refusal(site, address)


def _welcome(db: Session, visit: Visit, person: Person) -> Welcome:
    source = visit.statement.source
    names = brought_roles.wanted(visit.rules.roles, visit.statement.groups)
    brought_roles.bring(db, Actor(source, visit.ip), person, source, names)
    return Welcome(person)


def find(db: Session, statement: Statement) -> LinkedAccount | None:
    """The link of this very account elsewhere to one here."""
    return db.scalar(
        select(LinkedAccount).where(
            LinkedAccount.issuer == statement.issuer, LinkedAccount.subject == statement.subject
        )
    )


def link(db: Session, actor: Actor, person: Person, statement: Statement) -> None:
    """From now on this account elsewhere opens this person's account here; in the caller's transaction."""
    address = addresses.normalised(statement.email)[:254]
    db.flush()
    db.add(
        LinkedAccount(
            person_id=person.id,
            source=statement.source,
            issuer=statement.issuer,
            subject=statement.subject,
            email=address,
            last_used_at=clock.now(),
        )
    )
    db.flush()
    links.revoke(db, LinkKind.RESET, person)  # who was handed one has another way in now
    note(db, actor, "account-linked", person.email, source=statement.source, address=address)


def opens(db: Session, joins: Joins, person: Person) -> bool:
    """Whether a place with this rule opens the account without its owner's sign-in here."""
    return joins is Joins.ALL or (joins is Joins.UNUSED and is_unclaimed(db, person))


def claim(db: Session, visit: Visit, person: Person) -> None:
    """Take everything out of an account whose address nobody has proven, in the caller's transaction.

    Somebody else may have registered it to wait in it for the address's owner: their password, sessions, passkeys and
    tokens must not be a way in beside the owner.
    """
    belongings.clear_out(db, person)
    db.refresh(person)
    person.password, person.name, person.email_verified = None, tidy(visit.statement.name), True
    note(
        db,
        Actor(visit.statement.source, visit.ip),
        "address-verified",
        person.email,
        by=visit.statement.source,
        cleared=True,
    )


def is_unclaimed(db: Session, person: Person) -> bool:
    """Whether the account was made for somebody who has never come: there is nothing yet to sign in to it with."""
    if person.password is not None or person.last_sign_in_at is not None or not person.email_verified:
        return False
    return not any(_exist(db, (LinkedAccount, Passkey), person))


def _exist(db: Session, models: Iterable[type[LinkedAccount | Passkey]], person: Person) -> Iterable[bool]:
    for model in models:
        yield db.scalar(select(model.id).where(model.person_id == person.id).limit(1)) is not None
