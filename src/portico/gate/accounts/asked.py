"""Accounts that strangers ask for where `sign_up` is "ask": written down, and given by an administrator's invitation.

Nothing is made until then, and whoever asks has no way into what is made: the invitation goes to the owner of the
address. So the form tells nobody whether the address has an account, with mail and without.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import clock
from portico.gate.accounts.links import LIFETIME, LinkKind
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Link
from portico.gate.sessions import hash_token

WAITING: timedelta = LIFETIME[LinkKind.ASKED]
MOST = 10_000  # that wait at once: a stranger must not fill the database


@one_transaction
def ask(db: Session, ip: str, email: str, name: str) -> None:
    """Write down who asks: the same work for every address. Whoever asks again is written down once."""
    serialize(db)  # two with one address at the same moment are one, and nobody goes past MOST
    now, key = clock.now(), _key(email)
    db.execute(delete(Link).where(Link.expires_at < now))
    waiting = db.scalar(select(func.count()).select_from(Link).where(Link.kind == LinkKind.ASKED)) or 0
    db.execute(delete(Link).where(Link.token_hash == key))
    if waiting < MOST:
        data = {"email": email, "name": name}
        db.add(Link(kind=LinkKind.ASKED, token_hash=key, expires_at=now + WAITING, data=data))
    note(db, Actor("nobody", ip), "account-asked", email)


def waiting() -> Select[Any]:
    """Everybody who waits for an answer."""
    return select(Link).where(Link.kind == LinkKind.ASKED, Link.expires_at > clock.now())


def settle(db: Session, email: str) -> None:
    """In the caller's transaction: this address has its answer."""
    db.execute(delete(Link).where(Link.token_hash == _key(email)))


@one_transaction
def dismiss(db: Session, actor: Actor, email: str) -> None:
    """Take away what was asked for with this address; nobody is told. UserError: nothing was."""
    if db.scalar(waiting().where(Link.token_hash == _key(email))) is None:
        raise UserError(f"nobody asks for an account with the address {email}")
    settle(db, email)
    note(db, actor, "account-dismissed", email)


def _key(email: str) -> str:
    """Under which it is kept. No token has this hash, so it opens nothing."""
    return hash_token(f"asked|{email}")
