"""Slows down the guessing of codes, per person: whoever guesses codes has proven the password or stolen a session.

A stranger who has neither cannot make anybody wait. A try is counted before it is looked at, so that many at once
are no way around; a right code forgets them.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portico.gate import clock, mail
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import CodeTries, Person

FREE = 5
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
SUSPICIOUS = 10


@one_transaction
def take(db: Session, actor: Actor, person: Person) -> int:
    """Take one try: 0 when it may be made, else the seconds until the next one. Beyond the free ones each waits longer."""
    serialize(db)
    now = clock.now()
    row = db.get(CodeTries, person.id, populate_existing=True)
    if row is None or now - row.last_at > FORGOTTEN_AFTER:
        row = db.merge(CodeTries(person_id=person.id, failures=0, last_at=now, wait_until=now))
    if row.wait_until > now:
        return max(1, round((row.wait_until - now).total_seconds()))
    row.failures += 1
    row.last_at = now
    over = row.failures - FREE
    if over >= 0:
        row.wait_until = now + min(timedelta(seconds=2 ** min(over, 12)), LONGEST_WAIT)
    if row.failures == SUSPICIOUS:
        note(db, actor, "codes-guessed", person.email, tries=row.failures)
        mail.notify(db, person, "codes-guessed", tries=row.failures, ip=actor.ip)
    return 0


@one_transaction
def forgive(db: Session, person: Person) -> None:
    """Forget the tries: the code was right."""
    serialize(db)  # somebody else's try of the same person may be counting at this moment
    db.execute(delete(CodeTries).where(CodeTries.person_id == person.id))
