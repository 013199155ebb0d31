"""Notes that a session is in use, and from where: seldom, in passing, and never at the price of a request."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError

from portico.gate import clock, sessions
from portico.gate.models import SessionRow
from portico.site.model import Sessions

EVERY = timedelta(minutes=1)
NOT_SOONER = timedelta(
    seconds=10
)  # a storm of callbacks, or a phone between two networks, writes no more often
REMEMBERED_ENTRIES = 10_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Use:
    """A session that is being used. `ids`: its own row and, for an app's own host, the one that it came from."""

    ids: Sequence[int]
    last_used_at: datetime
    last_ip: str
    absolute_until: datetime
    remembered: bool


class SessionUse:
    """Writes the use of sessions down, through an engine that does not wait for a busy database."""

    def __init__(self, hasty: Engine, limits: Sessions) -> None:
        self._engine = hasty
        self._limits = limits
        self._tried: OrderedDict[int, datetime] = OrderedDict()

    def note(self, use: Use, ip: str) -> None:
        """Move the end of an idle session on, at most once a minute, or when it is used from another address.

        A busy or full disk signs nobody out: it is tried again ten seconds later.
        """
        now = clock.now()
        moved = bool(ip) and ip[:45] != use.last_ip
        if (now - use.last_used_at < EVERY and not moved) or not self._turn(use.ids[0], now):
            return
        until = sessions.valid_until(self._limits, now, use.absolute_until, use.remembered)
        values = {"last_used_at": now, "valid_until": until} | ({"last_ip": ip[:45]} if ip else {})
        try:
            with self._engine.begin() as connection:
                connection.execute(update(SessionRow).where(SessionRow.id.in_(use.ids)).values(values))
        except SQLAlchemyError as error:
            log.warning("could not note that a session is in use: %s", error.__cause__ or error)

    def _turn(self, session_id: int, now: datetime) -> bool:
        """Whether this process may write this session's use again; of many at once, one may."""
        before = self._tried.get(session_id)
        if before is not None and timedelta() <= now - before < NOT_SOONER:
            return False
        self._tried[session_id] = now
        while len(self._tried) > REMEMBERED_ENTRIES:
            self._tried.popitem(last=False)
        return True
