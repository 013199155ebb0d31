"""A mark of a person in an app on a day: so that people can be counted without being named.

It is keyed with a secret that only this day has, the same for all copies of the site. When the day is over the secret
is removed; from then on nobody, we included, can say whose mark it was, nor that two days had the same person.
"""

from __future__ import annotations

import hashlib
import logging
import secrets

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from portico.gate import clock
from portico.gate.models import InsightSalt

log = logging.getLogger(__name__)
HEADER = "X-Portico-Mark"
RETRY = 10.0  # seconds until a database that gave no secret is asked again


class Marks:
    """Gives marks to the front, with the check's answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._day = ""
        self._salt = b""
        self._not_before = 0.0

    def header(self, uid: str, app: str) -> list[tuple[str, str]]:
        """The header with the mark; none while the database gives no secret: then the person is not counted."""
        now = clock.now()
        day = now.date().isoformat()
        if day != self._day:
            if now.timestamp() < self._not_before:
                return []
            try:
                self._salt, self._day = salt_of(self._engine, day), day
            except SQLAlchemyError as error:
                log.warning("insight: no secret for today: %s", error.__cause__ or error)
                self._not_before = now.timestamp() + RETRY
                return []
        text = f"{app} {uid}".encode()
        return [(HEADER, hashlib.blake2b(text, digest_size=8, key=self._salt).hexdigest())]


def salt_of(engine: Engine, day: str) -> bytes:
    """The secret of this day, made when nobody has yet; those of the days before go."""
    found = _read(engine, day)
    if found is None:
        try:
            with engine.begin() as connection:
                connection.execute(insert(InsightSalt).values(day=day, salt=secrets.token_hex(32)))
                connection.execute(delete(InsightSalt).where(InsightSalt.day < day))
        except IntegrityError:
            pass  # another worker was first
        found = _read(engine, day)
    return bytes.fromhex(found or "")


def _read(engine: Engine, day: str) -> str | None:
    with engine.connect() as connection:
        return connection.execute(select(InsightSalt.salt).where(InsightSalt.day == day)).scalar()
