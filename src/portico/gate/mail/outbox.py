"""The outbox: what is written into it is kept with the caller's transaction, and goes out after it."""

from __future__ import annotations

import threading
import weakref
from datetime import timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.mail.letters import compose
from portico.gate.mail.office import configured, office_of
from portico.gate.models import OutgoingMail, Person

KEPT_TRYING = timedelta(days=2)
_listening: weakref.WeakSet[threading.Event] = weakref.WeakSet()


def post(db: Session, to: str, template: str, *, lifetime: timedelta = KEPT_TRYING, **values: Any) -> None:
    """Write a letter to this address, kept if and only if the caller's transaction is; no-op without mail.

    It is tried for `lifetime`: a link that has run out need not arrive.
    """
    office = office_of(db)
    if office is None or not configured(office.site):
        return
    letter = compose(office.site, to, template, values)
    content = {"to": letter.to, "subject": letter.subject, "text": letter.text}
    _add(db, "", office.seal(content), lifetime)


def notify(db: Session, person: Person, template: str, **values: Any) -> None:
    """Tell a person something about their account, when their address is verified; no-op without mail."""
    if person.email_verified:
        post(db, person.email, template, person=person, **values)


def ask(db: Session, errand: str, *, lifetime: timedelta = KEPT_TRYING, **values: Any) -> None:
    """Leave it to the thread that delivers to find out what to write: whoever asks waits the same in any case."""
    office = office_of(db)
    if office is not None and configured(office.site):
        _add(db, errand, office.seal(values), lifetime)


def listen(news: threading.Event) -> None:
    """Set this event whenever this process has committed something to the outbox."""
    _listening.add(news)


def _add(db: Session, errand: str, sealed: str, lifetime: timedelta) -> None:
    now = clock.now()
    db.add(
        OutgoingMail(errand=errand, sealed=sealed, created_at=now, next_try_at=now, give_up_at=now + lifetime)
    )
    event.listen(db, "after_commit", _wake, once=True)


def _wake(_db: Session) -> None:
    for news in tuple(_listening):
        news.set()
