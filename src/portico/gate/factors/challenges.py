"""Challenges for passkeys: made without a trace, good for minutes, for one purpose, in one browser, once.

A challenge is its time, randomness, and a signature that binds both to the purpose and to the browser's form
secret. So a page that only shows a button writes nothing; the answer to it is what is written down.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.transactions import one_transaction
from portico.gate.models import SpentChallenge
from portico.gate.secrets import Secrets

LIFETIME = timedelta(minutes=15)
_TIME, _RANDOM, _SIGNATURE = 8, 16, 16


def make(known: Secrets, purpose: str, browser: str) -> bytes:
    """A new challenge. `browser` is the form secret of who will answer."""
    head = int(clock.now().timestamp()).to_bytes(_TIME, "big") + secrets.token_bytes(_RANDOM)
    return head + _sign(known.session_keys[0], purpose, browser, head)


def is_ours(known: Secrets, challenge: bytes, purpose: str, browser: str) -> bool:
    """Whether this site made the challenge for this purpose and browser, a short time ago."""
    if len(challenge) != _TIME + _RANDOM + _SIGNATURE:
        return False
    head, signature = challenge[: _TIME + _RANDOM], challenge[_TIME + _RANDOM :]
    if not any(
        hmac.compare_digest(signature, _sign(key, purpose, browser, head)) for key in known.session_keys
    ):
        return False
    age = clock.now().timestamp() - int.from_bytes(head[:_TIME], "big")
    return -60 <= age < LIFETIME.total_seconds()


@one_transaction
def spend(db: Session, challenge: bytes) -> bool:
    """Use the challenge up; False when it was used before. Of two at once, one gets it."""
    now = clock.now()
    db.execute(delete(SpentChallenge).where(SpentChallenge.expires_at < now))
    try:
        with db.begin_nested():
            digest = hashlib.sha256(challenge).hexdigest()
            db.add(SpentChallenge(digest=digest, expires_at=now + 2 * LIFETIME))
    except IntegrityError:
        return False
    return True


def _sign(key: str, purpose: str, browser: str, head: bytes) -> bytes:
    message = f"challenge|{purpose}|{browser}|".encode() + head
    return hmac.digest(key.encode(), message, "sha256")[:_SIGNATURE]
