"""Slows down guessing. Shared by all gate processes through the database; nobody can lock somebody else out.

A try is counted before it is made, so that many at once are as many. What is counted: the pair of account and
network, which alone makes somebody wait long; the network by itself, more generously; and the account over all
networks, which makes nobody wait long: when it is tried from many places, each place has fewer tries there, and the
first one begins with a pause of seconds. A browser in which the account's owner has signed in before is counted by
itself alone: whatever others do, it goes on as if they did not. Why so: docs/explanation/guessing.md.
"""

from __future__ import annotations

import hashlib
import ipaddress
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts import addresses
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Attempts

FREE_PER_ACCOUNT = 5
FREE_PER_CLIENT = 50
FREE_PER_PROVIDER = 200  # of IPv6 a /48, which one client can have as a whole
FREE_EVERYWHERE = 20  # tries of one account from all networks together, before each has fewer
FORGOTTEN_AFTER = timedelta(minutes=15)
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_PAUSE = 30  # seconds before a network's first try of an account that is tried from many
STRICT_WAITS = (60, 240, 900, 3600)  # seconds after a network's first, second ... try of such an account


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that is counted, under a key that names no one, and how many tries of it are free."""

    key: str
    free: int
    is_pair: bool = False


def keys(purpose: str, client: str, account: str) -> tuple[tuple[str, int], ...]:
    """What is counted for an account and a client, each with how many failures are free."""
    return tuple((limit.key, limit.free) for limit in _limits(purpose, client, account, None))


def _limits(purpose: str, client: str, account: str, browser: str | None) -> list[Limit]:
    name = _known_as(account)
    if browser is not None:
        return [Limit(_hash(f"{purpose}|browser {browser}|{name}"), FREE_PER_ACCOUNT, is_pair=True)]
    place, provider = _networks(client)
    found = [
        Limit(_hash(f"{purpose}|{place}|{name}"), FREE_PER_ACCOUNT, is_pair=True),
        Limit(_hash(f"{purpose}|{place}"), FREE_PER_CLIENT),
    ]
    if provider is not None:
        found.append(Limit(_hash(f"{purpose}|{provider}|{name}"), 2 * FREE_PER_ACCOUNT, is_pair=True))
        found.append(Limit(_hash(f"{purpose}|{provider}"), FREE_PER_PROVIDER))
    return found


def _known_as(account: str) -> str:
    """The one spelling of what was typed: ten spellings that open one account are not ten accounts to guess at."""
    folded = unicodedata.normalize("NFKC", account).casefold()
    return addresses.normalised(account) or " ".join(folded.split())


def _everywhere(purpose: str, account: str) -> Limit:
    return Limit(_hash(f"{purpose}|everywhere|{_known_as(account)}"), FREE_EVERYWHERE)


def wait(db: Session, purpose: str, client: str, account: str, browser: str | None = None) -> int:
    """Seconds until the next try is allowed; 0 when it is."""
    return _wait(db, _limits(purpose, client, account, browser))


def _wait(db: Session, limits: list[Limit]) -> int:
    now = clock.now()
    until: datetime | None = db.scalar(
        select(Attempts.wait_until)
        .where(Attempts.key.in_([limit.key for limit in limits]), Attempts.wait_until > now)
        .order_by(Attempts.wait_until.desc())
        .limit(1)
    )
    return 0 if until is None else max(1, round((until - now).total_seconds()))


@one_transaction
def take(db: Session, purpose: str, client: str, account: str, browser: str | None = None) -> int:
    """Count a try that is about to be made; or the seconds to wait before it may be, and nothing is counted.

    `browser`: the mark of a browser in which the account's owner has signed in before.
    """
    limits = _limits(purpose, client, account, browser)
    if seconds := _wait(db, limits):
        return seconds
    _one_at_a_time(db, purpose, account)
    if seconds := _wait(db, limits):
        return seconds
    tried = 0 if browser is not None else _failures(db, _everywhere(purpose, account)) or 0
    if tried >= FREE_EVERYWHERE and _failures(db, limits[0]) is None:
        return _pause(db, limits[0], tried)
    _count(db, purpose, client, account, limits, strict=tried >= FREE_EVERYWHERE, known=browser is not None)
    return 0


@one_transaction
def failed(db: Session, purpose: str, client: str, account: str) -> None:
    """Count a failure; each one beyond the free ones doubles the wait."""
    _one_at_a_time(db, purpose, account)
    _count(db, purpose, client, account, _limits(purpose, client, account, None), known=True)


@one_transaction
def passed(db: Session, purpose: str, client: str, account: str, browser: str | None = None) -> None:
    """Take a try back that `take` has counted: it was right. Earlier failures of this pair are forgotten."""
    limits = _limits(purpose, client, account, browser)
    _one_at_a_time(db, purpose, account)
    now = clock.now()
    db.execute(delete(Attempts).where(Attempts.key.in_([limit.key for limit in limits if limit.is_pair])))
    shared = [limit for limit in limits if not limit.is_pair]
    for limit in sorted([*shared, *([_everywhere(purpose, account)] if browser is None else [])], key=_key):
        one = update(Attempts).where(Attempts.key == limit.key)
        db.execute(one.where(Attempts.failures <= limit.free).values(wait_until=now))
        db.execute(one.where(Attempts.failures > 0).values(failures=Attempts.failures - 1))


@one_transaction
def succeeded(db: Session, purpose: str, client: str, account: str) -> None:
    """Forget the failures of this pair; those of the client as a whole stay."""
    pair = _limits(purpose, client, account, None)[0]
    db.execute(delete(Attempts).where(Attempts.key == pair.key))


def forget(db: Session) -> None:
    """Remove what is a quarter of an hour old, counted from the end of a wait."""
    past = clock.now() - FORGOTTEN_AFTER
    db.execute(delete(Attempts).where(Attempts.last_at < past, Attempts.wait_until < past))


def _count(
    db: Session,
    purpose: str,
    client: str,
    account: str,
    limits: list[Limit],
    *,
    strict: bool = False,
    known: bool,
) -> None:
    """Count one try of each; `strict` for an account that is tried from many networks, `known` for one that does not
    count among those."""
    forget(db)
    now, longest = clock.now(), 0
    for limit in sorted([*limits, *([] if known else [_everywhere(purpose, account)])], key=_key):
        failures = _add(db, limit, now)
        if limit.key == _everywhere(purpose, account).key:
            if failures == FREE_EVERYWHERE:
                _note(db, "tried-from-many-places", purpose, client, account, tries=failures)
            continue
        seconds = _strict_wait(failures) if strict and limit.is_pair else _usual_wait(failures - limit.free)
        longest = max(longest, seconds)
        if seconds:
            until = now + timedelta(seconds=seconds)
            db.execute(update(Attempts).where(Attempts.key == limit.key).values(wait_until=until))
    if longest:
        _note(db, "tries-slowed", purpose, client, account, wait=longest)


def _add(db: Session, limit: Limit, now: datetime) -> int:
    """One more, in one statement, for the rows of a network are counted by many at once; returns how many it is."""
    insert: Any = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    one = insert(Attempts).values(key=limit.key, failures=1, last_at=now, wait_until=now)
    more = one.on_conflict_do_update(
        index_elements=[Attempts.key], set_={"failures": Attempts.failures + 1, "last_at": now}
    )
    return int(db.execute(more.returning(Attempts.failures)).scalar_one())


def _pause(db: Session, limit: Limit, tried: int) -> int:
    """Let a network wait for its first try, once."""
    seconds = min(LONGEST_PAUSE, 1 << min(10, (tried - FREE_EVERYWHERE) // FREE_EVERYWHERE))
    now = clock.now()
    db.execute(delete(Attempts).where(Attempts.key == limit.key))
    db.add(Attempts(key=limit.key, failures=0, last_at=now, wait_until=now + timedelta(seconds=seconds)))
    return seconds


def _failures(db: Session, limit: Limit) -> int | None:
    """How often it was tried lately; None when it was not."""
    past = clock.now() - FORGOTTEN_AFTER
    lately = (Attempts.last_at >= past) | (Attempts.wait_until >= past)
    found: int | None = db.scalar(select(Attempts.failures).where(Attempts.key == limit.key, lately))
    return found


def _usual_wait(over: int) -> int:
    doubled = 1 << min(over, 12) if over >= 0 else 0
    return min(doubled, int(LONGEST_WAIT.total_seconds()))


def _strict_wait(failures: int) -> int:
    return STRICT_WAITS[min(failures, len(STRICT_WAITS)) - 1]


def _note(db: Session, action: str, purpose: str, client: str, account: str, **detail: Any) -> None:
    """What was typed is named only when it is an address: it may be a password."""
    note(db, Actor("nobody", client), action, addresses.normalised(account), purpose=purpose, **detail)


def _one_at_a_time(db: Session, purpose: str, account: str) -> None:
    """Tries of one account wait for each other. On PostgreSQL nobody else waits for them."""
    if db.get_bind().dialect.name == "sqlite":
        serialize(db)
        return
    number = int(_hash(f"{purpose}|{_known_as(account)}")[:15], 16)
    db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _networks(client: str) -> tuple[str, str | None]:
    """The client's network (of IPv6 the /64, which one household has as a whole), and the wider one around it."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client, None
    if address.version == 6:
        near, far = (ipaddress.ip_network((address, bits), strict=False) for bits in (64, 48))
        return str(near), str(far)
    return str(address), None


def _key(limit: Limit) -> str:
    return limit.key


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
