"""Everything that changes an account.

Pages and the command line call these; each is one transaction with its audit line.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import clock, mail, sessions
from portico.gate.accounts import addresses, belongings, links
from portico.gate.accounts.device_names import device_name
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.people import count_administrators, find_roles
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Person, SessionRow
from portico.gate.policy import ADMIN
from portico.site.model import Sessions


class AddressTakenError(UserError):
    """There is an account with this address already."""


class LinkSpentError(UserError):
    """The link was used, has run out, or never existed."""

    def __init__(self) -> None:
        super().__init__("This link has been used or has run out.")


class ProofOutdatedError(UserError):
    """What somebody has proven was true a moment ago: the password was changed since, or the account closed."""

    def __init__(self) -> None:
        super().__init__("Your account was changed a moment ago. Sign in again.")


class LastAdministratorError(UserError):
    """Nobody would be left to look after the site."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is the last administrator; make somebody else one first")


@one_transaction
def create_person(
    db: Session,
    actor: Actor,
    email: str,
    *,
    name: str = "",
    password_hash: str | None = None,
    roles: Iterable[str] = (),
) -> Person:
    """Add a person whose address the actor vouches for; AddressTakenError when it is in use."""
    return add_person(
        db, actor, email, name=name, password_hash=password_hash, roles=roles, email_verified=True
    )


@one_transaction
def sign_up(db: Session, actor: Actor, email: str, *, name: str, password_hash: str) -> Person:
    """Add the person who asks, whose address nobody vouches for yet; AddressTakenError when it is in use."""
    return add_person(
        db, actor, email, name=name, password_hash=password_hash, roles=(), email_verified=False
    )


def add_person(
    db: Session,
    actor: Actor,
    email: str,
    *,
    name: str,
    password_hash: str | None,
    roles: Iterable[str],
    email_verified: bool,
) -> Person:
    """Add a person in the caller's transaction; AddressTakenError when the address is in use."""
    wanted = find_roles(db, list(roles))
    address = addresses.normalise(email)
    person = Person(
        fs_uniquifier=uuid.uuid4().hex,
        email=address,
        name=tidy(name),
        password=password_hash,
        email_verified=email_verified,
        active=True,
    )
    try:
        with db.begin_nested():
            db.add(person)
    except IntegrityError:
        raise AddressTakenError(f"there is an account with the address {address} already") from None
    person.roles = wanted
    note(db, actor, "person-created", address, roles=sorted(person.role_names))
    return person


def tidy(name: str) -> str:
    """A name on one line, without what cannot be seen."""
    return " ".join("".join(letter for letter in name if letter.isprintable()).split())[:200]


@one_transaction
def create_first_administrator(
    db: Session, ip: str, token: str, email: str, *, name: str, password_hash: str
) -> Person:
    """Use the first-run link: add the first administrator.

    LinkSpentError when it is not good or there is one already.
    """
    serialize(db)
    if links.use(db, LinkKind.FIRST_RUN, token) is None or count_administrators(db):
        raise LinkSpentError
    first = Actor("first-run link", ip)
    person = add_person(
        db, first, email, name=name, password_hash=password_hash, roles=[ADMIN], email_verified=True
    )
    links.revoke(db, LinkKind.FIRST_RUN)
    return person


@one_transaction
def set_roles(db: Session, actor: Actor, person: Person, roles: Iterable[str]) -> None:
    """Give the person exactly these roles; open sessions have them within the front's cache seconds."""
    serialize(db)
    db.refresh(person)
    wanted = find_roles(db, list(roles))
    before, after = person.role_names, frozenset(role.name for role in wanted)
    if ADMIN in before - after and person.active and not count_administrators(db, except_for=person.id):
        raise LastAdministratorError(person.email)
    if before == after:
        return
    person.roles = wanted
    note(
        db, actor, "roles-changed", person.email, added=sorted(after - before), removed=sorted(before - after)
    )


@one_transaction
def disable(db: Session, actor: Actor, person: Person) -> None:
    """Close the account: its sessions and links end at once."""
    serialize(db)
    db.refresh(person)
    if not person.active:
        return
    if ADMIN in person.role_names and not count_administrators(db, except_for=person.id):
        raise LastAdministratorError(person.email)
    person.active = False
    sessions.end_others(db, person, keep=None)
    links.revoke(db, LinkKind.RESET, person)
    note(db, actor, "person-disabled", person.email)


@one_transaction
def enable(db: Session, actor: Actor, person: Person) -> None:
    """Open the account again."""
    if person.active:
        return
    person.active = True
    note(db, actor, "person-enabled", person.email)


@one_transaction
def verify_address(db: Session, actor: Actor, person: Person) -> None:
    """Vouch for it that the address is this person's: what `access` gives to the address is now theirs."""
    if person.email_verified:
        return
    person.email_verified = True
    note(db, actor, "address-verified", person.email)


def note_proven(db: Session, actor: Actor, person: Person) -> None:
    """Keep in the caller's transaction that somebody who reads the address's mail has proven it."""
    if not person.email_verified:
        person.email_verified = True
        note(db, actor, "address-verified", person.email, by="mail")


@one_transaction
def rename(db: Session, actor: Actor, person: Person, name: str) -> None:
    """Change the name that others see."""
    person.name = tidy(name)
    note(db, actor, "name-changed", person.email)


@one_transaction
def change_password(
    db: Session, actor: Actor, person: Person, password_hash: str, *, keep: int | None
) -> str | None:
    """Set a new password and end all sessions but `keep`, which goes on under the token returned."""
    person.password = password_hash
    ended = sessions.end_others(db, person, keep)
    links.revoke(db, LinkKind.RESET, person)
    note(db, actor, "password-changed", person.email, sessions_ended=ended)
    mail.notify(db, person, "password-changed", ip=actor.ip, kept=keep is not None)
    row = db.get(SessionRow, keep) if keep is not None else None
    if row is None:
        return None
    token = sessions.rotate(row)
    row.previous_hash = row.previous_until = (
        None  # whoever has the old one may be why the password is changed
    )
    return token


@one_transaction
def issue_reset_link(db: Session, actor: Actor, person: Person) -> str:
    """Make a link with which the person sets a new password; earlier ones end.

    The old password works until then.
    """
    if not person.active:
        raise UserError(f"{person.email} is disabled; enable the account first")
    links.revoke(db, LinkKind.RESET, person)
    token = links.make(db, LinkKind.RESET, person)
    note(db, actor, "reset-link-issued", person.email)
    return token


@one_transaction
def reset_password(db: Session, ip: str, token: str, password_hash: str) -> Person:
    """Use a reset link: set the password, end all sessions. LinkSpentError when the link is not good."""
    link = links.use(db, LinkKind.RESET, token)
    person = db.get(Person, link.person_id) if link else None
    if person is None or not person.active or person.has_ended:
        raise LinkSpentError
    person.password = password_hash
    ended = sessions.end_others(db, person, keep=None)
    links.revoke(db, LinkKind.RESET, person)
    if not person.email_verified:
        belongings.clear_out(db, person)  # a stranger may have made the account, and left a way in
    if link is not None and link.data.get("mailed") == person.email:
        note_proven(db, Actor("reset link", ip), person)
    note(db, Actor("reset link", ip), "password-reset", person.email, sessions_ended=ended)
    mail.notify(db, person, "password-changed", ip=ip, kept=False)
    return person


@one_transaction
def sign_in(
    db: Session,
    person: Person,
    limits: Sessions,
    *,
    via: str,
    remember: bool,
    ip: str,
    user_agent: str,
    strong: bool = False,
    known_browser: bool = True,
) -> tuple[str, SessionRow]:
    """Start a session; returns its token and row. A person who has been here before is told of a browser that has not.

    ProofOutdatedError when the password is no longer the one that `person` was read with: whoever changes it ends all
    sessions, and one that is just beginning with the old one must not come after that.
    """
    now, been_here = clock.now(), person.last_sign_in_at is not None
    same = (Person.id == person.id, Person.active, Person.password.is_not_distinct_from(person.password))
    signed_in = update(Person).where(*same).values(last_sign_in_at=now)
    found = db.execute(signed_in, execution_options={"synchronize_session": False})
    if found.rowcount != 1:  # type: ignore[attr-defined]
        raise ProofOutdatedError
    db.expire(person, ["last_sign_in_at"])
    token, row = sessions.start(db, person, limits, remember=remember, ip=ip, user_agent=user_agent)
    row.strong = strong
    if not known_browser and been_here:
        mail.notify(db, person, "new-device", device=device_name(user_agent), ip=ip, when=now)
    note(db, Actor(person.email, ip), "signed-in", person.email, via=via, remember=remember)
    return token, row


@one_transaction
def note_failed_sign_in(db: Session, ip: str, email: str) -> None:
    """Write down that somebody tried, whether or not there is such an account."""
    note(db, Actor("nobody", ip), "sign-in-failed", email)


@one_transaction
def note_repeated_sign_up(db: Session, ip: str, email: str) -> None:
    """Write down that somebody tried to make an account with an address that has one."""
    note(db, Actor("nobody", ip), "sign-up-repeated", email)


@one_transaction
def sign_out(db: Session, actor: Actor, session_id: int) -> None:
    """End the session and its children; of a child, the parent too: signed out is signed out."""
    row = db.get(SessionRow, session_id)
    if row is None:
        return
    family = row.parent_id or row.id
    db.execute(delete(SessionRow).where((SessionRow.id == family) | (SessionRow.parent_id == family)))
    note(db, actor, "signed-out", actor.name)


@one_transaction
def make_first_run_link(db: Session) -> str | None:
    """A link for the first administrator, in place of earlier ones; None when there is an administrator."""
    serialize(db)
    if count_administrators(db):
        return None
    links.revoke(db, LinkKind.FIRST_RUN)
    note(db, Actor("start of the site"), "first-run-link-made")
    return links.make(db, LinkKind.FIRST_RUN)


@one_transaction
def issue_ticket(db: Session, session_id: int, host: str, state: str) -> str:
    """A ticket for the hand-over of this session to an app's own host, bound to the browser that asked."""
    return links.make(db, LinkKind.TICKET, session=session_id, host=host, state=state)


@one_transaction
def redeem_ticket(db: Session, token: str, host: str, state: str) -> tuple[str, SessionRow] | None:
    """Use a ticket: token and row of a session for this host.

    None when it is not good, or not for this browser.
    """
    link = links.use(db, LinkKind.TICKET, token)
    if link is None or link.data["host"] != host or link.data["state"] != state:
        return None
    parent = db.scalar(
        select(SessionRow).where(SessionRow.id == link.data["session"], SessionRow.valid_until > clock.now())
    )
    return sessions.start_child(db, parent, host) if parent else None
