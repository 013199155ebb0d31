"""Seals what the database must keep readable but nobody who copies it may read: the secrets of authenticator apps.

A sealed text is "<id of the key>:<Fernet token>" and names its owner inside, so that it cannot be moved to another
person's row. Keys are rotated: the newest seals, older ones open, and `reseal` brings everything to the newest.
"""

from __future__ import annotations

import hashlib

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portico.gate import secrets
from portico.gate.accounts.transactions import one_transaction
from portico.gate.models import Authenticator, Person
from portico.gate.secrets import Secrets
from portico.site import Site


class VaultError(Exception):
    """The text was sealed with a key that this site does not have, for another owner, or not by us."""


def seal(known: Secrets, owner: str, text: str) -> str:
    """Seal a text for its owner with the newest key."""
    key = known.data_keys[0]
    return f"{key_id(key)}:{Fernet(key).encrypt(f'{owner}:{text}'.encode()).decode()}"


def unseal(site: Site, known: Secrets, owner: str, sealed: str) -> str:
    """The text again; VaultError when it cannot be had. A key made since this process started is read from its file."""
    named, _, token = sealed.partition(":")
    key = _key(known, named) or _key(secrets.load(site), named)
    if key is None:
        raise VaultError("sealed with a key that this site does not have")
    try:
        whose, _, text = Fernet(key).decrypt(token.encode()).decode().partition(":")
    except InvalidToken:
        raise VaultError("damaged, or not sealed by this site") from None
    if whose != owner:
        raise VaultError("sealed for somebody else")
    return text


@one_transaction
def reseal(db: Session, site: Site, known: Secrets) -> int:
    """Seal with the newest key what older keys have sealed; returns how many. What cannot be opened stays."""
    newest = key_id(known.data_keys[0])
    rows = db.execute(
        select(Authenticator.person_id, Authenticator.secret, Person.fs_uniquifier)
        .join(Person, Person.id == Authenticator.person_id)
        .where(Authenticator.secret.not_like(f"{newest}:%"))
    ).all()
    done = 0
    for person_id, sealed, uid in rows:
        try:
            text = unseal(site, known, uid, sealed)
        except VaultError:
            continue
        db.execute(
            update(Authenticator)
            .where(Authenticator.person_id == person_id)
            .values(secret=seal(known, uid, text))
        )
        done += 1
    return done


def key_id(key: str) -> str:
    """A name for a key that tells nothing about it."""
    return hashlib.sha256(b"data-key:" + key.encode()).hexdigest()[:12]


def _key(known: Secrets, named: str) -> str | None:
    return next((key for key in known.data_keys if key_id(key) == named), None)
