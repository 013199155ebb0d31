"""Lines about doors: who was refused at one, and whom only being an administrator let in. Once a person and door, for a
page asks a hundred times."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portico.gate.audit import Actor, note

REMEMBERED = 10_000
log = logging.getLogger(__name__)


class DoorNotes:
    """Writes each line once in the life of this process, through an engine that does not wait for a busy database."""

    def __init__(self, hasty: Engine) -> None:
        self._engine = hasty
        self._written: OrderedDict[Hashable, None] = OrderedDict()

    def write(self, holder: Hashable, actor: Actor, action: str, door: str, **detail: Any) -> None:
        """Add a line, unless this holder (a session, a token, a person) has it already; refuses nobody."""
        key = (holder, action, door)
        if key in self._written:
            return
        self._written[key] = None
        while len(self._written) > REMEMBERED:
            self._written.popitem(last=False)
        try:
            with Session(self._engine) as db:
                note(db, actor, action, door, **detail)
                db.commit()
        except SQLAlchemyError as error:
            log.warning("could not write the audit: %s", error.__cause__ or error)
