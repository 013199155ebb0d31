"""Slows down guessing. Shared by all gate processes through the database; nobody can lock somebody else out.

What is counted is the pair of address and client, and the client alone (more generously), never the account
by itself.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.transactions import one_transaction
from portico.gate.database import serialize
from portico.gate.models import Attempts

FREE_PER_ACCOUNT = 5
FREE_PER_CLIENT = 50
FORGOTTEN_AFTER = timedelta(minutes=15)
LONGEST_WAIT = timedelta(minutes=15)


def keys(purpose: str, client: str, account: str) -> tuple[tuple[str, int], tuple[str, int]]:
    """The two things that are counted, each with how many failures are free."""
    place = _network(client)
    return (
        (_hash(f"{purpose}|{place}|{account.strip().lower()}"), FREE_PER_ACCOUNT),
        (_hash(f"{purpose}|{place}"), FREE_PER_CLIENT),
    )


def wait(db: Session, purpose: str, client: str, account: str) -> int:
    """Seconds until the next try is allowed; 0 when it is."""
    now = clock.now()
    names = [key for key, _ in keys(purpose, client, account)]
    until: datetime | None = db.scalar(
        select(Attempts.wait_until)
        .where(Attempts.key.in_(names), Attempts.wait_until > now)
        .order_by(Attempts.wait_until.desc())
        .limit(1)
    )
    return 0 if until is None else max(1, round((until - now).total_seconds()))


@one_transaction
def failed(db: Session, purpose: str, client: str, account: str) -> None:
    """Count a failure; each one beyond the free ones doubles the wait."""
    serialize(db)
    now = clock.now()
    db.execute(delete(Attempts).where(Attempts.last_at < now - FORGOTTEN_AFTER))
    for key, free in keys(purpose, client, account):
        entry = db.get(Attempts, key, populate_existing=True)
        if entry is None:
            entry = Attempts(key=key, failures=0, last_at=now, wait_until=now)
            db.add(entry)
        entry.failures += 1
        entry.last_at = now
        over = entry.failures - free
        if over >= 0:
            entry.wait_until = now + min(timedelta(seconds=2 ** min(over, 12)), LONGEST_WAIT)


@one_transaction
def succeeded(db: Session, purpose: str, client: str, account: str) -> None:
    """Forget the failures of this pair; those of the client as a whole stay."""
    (pair, _), _client = keys(purpose, client, account)
    db.execute(delete(Attempts).where(Attempts.key == pair))


def _network(client: str) -> str:
    """The client's address; of IPv6 the /64, which one household has as a whole."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
