"""The thread that empties the outbox. Each gate process has one; what one has taken, no other takes.

To take a mail is to put off its next try, in one statement that only one of two at once can make; the same statement
is made again right before it is handed in, which takes less time than the lease. So no two gates hand in the same mail at
once. It goes from the outbox right after the server has taken it. SMTP has no way to do both at once: a gate that dies in
between, or never hears the server's answer, hands the mail in again, with the same Message-ID and Date.
"""

from __future__ import annotations

import logging
import smtplib
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.mail import outbox, smtp
from portico.gate.mail.letters import Letter, message
from portico.gate.mail.office import PostOffice, UnreadableError, attach
from portico.gate.models import OutgoingMail
from portico.site.addresses import host_of
from portico.site.mail import server_of

log = logging.getLogger(__name__)
Errand = Callable[..., None]

LEASE = timedelta(minutes=5)
HANDING_IN = 240.0  # seconds that one mail may take: less than the lease, by as much as clocks may differ
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
LOOK_AROUND = 3.0  # seconds between looks for what other processes have written


class Delivery:
    """Does the errands of the outbox and hands its mails to the mail server.

    An errand is called with a database session and what was asked; what it writes and that it is done are one
    transaction.
    """

    def __init__(self, office: PostOffice, engine: Engine, errands: Mapping[str, Errand]) -> None:
        self._office = office
        self._engine = engine
        self._errands = errands
        self._news = threading.Event()
        self._over = threading.Event()
        self._handed_in: set[int] = set()  # and not yet taken out of the outbox: the database was away
        self._thread = threading.Thread(target=self._run, name="portico-mail", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        outbox.listen(self._news)
        self._thread.start()

    def close(self) -> None:
        """Finish the mail in hand and stop."""
        self._over.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def work(self) -> int:
        """Do everything that is due; returns how many mails and errands were done."""
        done = 0
        with ExitStack() as stack:
            conversation: list[smtplib.SMTP] = []
            self._clear()
            self._settle()
            while not self._over.is_set() and (taken := self._take()) is not None:
                if taken.errand:
                    done += self._do(taken)
                    continue
                try:
                    if not conversation:
                        server = server_of(self._office.site.mail.url or "")
                        conversation.append(stack.enter_context(smtp.connection(server)))
                    done += self._send(conversation[0], taken)
                    self._settle()
                except (OSError, smtplib.SMTPException) as error:
                    self._put_off(taken, smtp.reason(error))
                    break  # the server is away or unwilling: the others are tried in the next round
        return done

    def _run(self) -> None:
        while not self._over.is_set():
            self._news.clear()
            try:
                self.work()
            except DBAPIError as error:
                log.warning("mail: the database failed: %s", error.orig)
            except Exception:  # a bug in one mail must not end the thread that sends all the others
                log.exception("mail: the outbox could not be worked on")
            self._news.wait(LOOK_AROUND)

    def _take(self) -> OutgoingMail | None:
        """The next one that is due, now ours for the time of the lease."""
        now = clock.now()
        due = select(OutgoingMail).where(OutgoingMail.next_try_at <= now).order_by(OutgoingMail.next_try_at)
        if self._office.keeps:
            due = due.where(OutgoingMail.errand != "")
        while True:
            with self._session() as db:
                found = db.scalar(due.limit(1))
                if found is None:
                    return None
                db.expunge(found)
                claim = (
                    update(OutgoingMail)
                    .where(OutgoingMail.id == found.id, OutgoingMail.next_try_at == found.next_try_at)
                    .values(next_try_at=now + LEASE, tries=OutgoingMail.tries + 1)
                )
                taken = db.execute(claim, execution_options={"synchronize_session": False})
                db.commit()
            if taken.rowcount == 1:  # type: ignore[attr-defined]
                found.tries += 1
                found.next_try_at = now + LEASE
                return found

    def _do(self, taken: OutgoingMail) -> int:
        try:
            content = self._office.open(taken.sealed)
        except UnreadableError:
            return self._drop(taken, "it was sealed with keys that are gone")
        try:
            with self._session() as db:
                self._errands[taken.errand](db, **content)
                db.execute(delete(OutgoingMail).where(OutgoingMail.id == taken.id))
                db.commit()
        except Exception as error:  # it is tried again; the others are not held up
            log.exception("mail: the errand %s failed", taken.errand)
            self._put_off(taken, type(error).__name__)
            return 0
        return 1

    def _send(self, conversation: smtplib.SMTP, taken: OutgoingMail) -> int:
        try:
            letter = Letter(**self._office.open(taken.sealed))
        except UnreadableError:
            return self._drop(taken, "it was sealed with keys that are gone")
        site = self._office.site
        mail = message(
            letter,
            sender=self._office.sender,
            sender_name=site.name,
            message_id=f"<{taken.id}.{taken.created_at:%Y%m%d%H%M%S}@{host_of(site.url)}>",
            date=taken.created_at,
        )
        if taken.id in self._handed_in or not self._is_still_ours(taken):
            return 0
        try:
            smtp.send(conversation, mail, HANDING_IN)
        except smtp.RefusedError as refused:
            return self._drop(taken, str(refused))
        self._handed_in.add(taken.id)
        return 1

    def _is_still_ours(self, taken: OutgoingMail) -> bool:
        """Take it again, for the whole time of the lease, unless somebody else has: the server was slow to greet us."""
        until = clock.now() + LEASE
        claim = (
            update(OutgoingMail)
            .where(OutgoingMail.id == taken.id, OutgoingMail.next_try_at == taken.next_try_at)
            .values(next_try_at=until)
        )
        with self._session() as db:
            again = db.execute(claim, execution_options={"synchronize_session": False})
            db.commit()
        taken.next_try_at = until
        return again.rowcount == 1  # type: ignore[attr-defined,no-any-return]

    def _settle(self) -> None:
        """Take out of the outbox what the server has; again and again while the database is away."""
        for number in tuple(self._handed_in):
            self._remove(number)
            self._handed_in.discard(number)

    def _put_off(self, taken: OutgoingMail, fault: str) -> None:
        wait = min(FIRST_WAIT * 2 ** min(taken.tries - 1, 12), LONGEST_WAIT)
        log.warning("mail %d could not be sent, next try in %d s: %s", taken.id, wait.total_seconds(), fault)
        with self._session() as db:
            db.execute(
                update(OutgoingMail)
                .where(OutgoingMail.id == taken.id)
                .values(next_try_at=clock.now() + wait, fault=fault[:300])
            )
            db.commit()

    def _drop(self, taken: OutgoingMail, fault: str) -> int:
        log.warning("mail %d is given up: %s", taken.id, fault)
        self._remove(taken.id)
        return 1

    def _remove(self, number: int) -> None:
        with self._session() as db:
            db.execute(delete(OutgoingMail).where(OutgoingMail.id == number))
            db.commit()

    def _clear(self) -> None:
        """Take away what need not arrive any more."""
        with self._session() as db:
            late: list[tuple[int, datetime, str]] = [
                (row.id, row.created_at, row.fault)
                for row in db.scalars(select(OutgoingMail).where(OutgoingMail.give_up_at < clock.now()))
            ]
            for number, written, fault in late:
                db.execute(delete(OutgoingMail).where(OutgoingMail.id == number))
                if not self._office.keeps:
                    log.warning(
                        "mail %d of %s came to nothing: %s", number, written.isoformat(), fault or "no try"
                    )
            if late:
                db.commit()

    def _session(self) -> Session:
        info: dict[Any, Any] = attach({}, self._office)
        return Session(self._engine, expire_on_commit=False, info=info)
