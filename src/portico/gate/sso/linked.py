"""Joining an account elsewhere to one here, and taking them apart again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import mail
from portico.gate.accounts import addresses, links
from portico.gate.accounts.actions import LinkSpentError
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.factors.holding import holding_of
from portico.gate.models import LinkedAccount, Passkey, Person
from portico.gate.sso import arrival, brought_roles, password_source
from portico.gate.sso.arrival import Rules
from portico.gate.sso.statement import Statement


class NotYoursError(UserError):
    """The account elsewhere cannot open this account."""


def accounts_of(db: Session, person: Person) -> list[LinkedAccount]:
    """The accounts elsewhere that open this person's account."""
    query = select(LinkedAccount).where(LinkedAccount.person_id == person.id).order_by(LinkedAccount.id)
    return list(db.scalars(query))


@one_transaction
def join(db: Session, actor: Actor, person: Person, statement: Statement, rules: Rules) -> None:
    """Let this account elsewhere open the person's account, who has just proven to be here. NotYoursError."""
    serialize(db)
    known = arrival.find(db, statement)
    if known is not None and known.person_id == person.id:
        return
    if known is not None:
        raise NotYoursError(f"This account at {statement.title} belongs to somebody else's account here.")
    if not statement.email_verified:
        raise NotYoursError(f"{statement.title} has not verified the address of this account.")
    address = addresses.normalised(statement.email)
    if address != person.email:
        raise NotYoursError(
            f"The address at {statement.title} is {address or 'none'}, here it is {person.email}. "
            "Only accounts with the same address can be joined."
        )
    arrival.link(db, actor, person, statement)
    if not person.email_verified:
        person.email_verified = True
        note(db, actor, "address-verified", person.email, by=statement.source)
    names = brought_roles.wanted(rules.roles, statement.groups)
    brought_roles.bring(db, Actor(statement.source, actor.ip), person, statement.source, names)
    mail.notify(db, person, "account-linked", title=statement.title, ip=actor.ip)


@one_transaction
def use_join_link(db: Session, person: Person, token: str) -> tuple[Statement, str]:
    """Take the pending join away: what the place said, and where to go on to. LinkSpentError: it is not this person's."""
    found = links.use(db, LinkKind.JOIN, token)
    if found is None or found.person_id != person.id:
        raise LinkSpentError
    return Statement.from_json(found.data["statement"]), str(found.data["target"])


def leaves_a_way(db: Session, person: Person, account: LinkedAccount) -> bool:
    """Whether the person can still sign in when this account elsewhere is taken apart."""
    others = any(one.id != account.id for one in accounts_of(db, person))
    has_passkey = db.scalar(select(Passkey.id).where(Passkey.person_id == person.id).limit(1)) is not None
    return others or has_passkey or person.password is not None


def has_proof_here(db: Session, person: Person) -> bool:
    """Whether the person can show who they are without a provider: by a password, an app or a passkey."""
    directory = password_source.account_of(db, person) is not None
    return person.password is not None or holding_of(db, person).any or directory


@one_transaction
def unlink(db: Session, actor: Actor, person: Person, number: int, *, title: str = "") -> None:
    """Take one of the person's accounts elsewhere away, with its roles. UserError when nothing else would be left."""
    account = db.get(LinkedAccount, number)
    if account is None or account.person_id != person.id:
        raise UserError("that account is not joined to yours")
    if not leaves_a_way(db, person, account):
        raise UserError("this is your only way to sign in; set a password or make a passkey first")
    others = [one for one in accounts_of(db, person) if one.id != number]
    if not any(one.source == account.source for one in others):
        brought_roles.drop(db, actor, person, account.source)
    db.delete(account)
    note(db, actor, "account-unlinked", person.email, source=account.source, address=account.email)
    mail.notify(db, person, "account-unlinked", title=title, ip=actor.ip)
