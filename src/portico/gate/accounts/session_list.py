"""The sessions that are open, as people see them: whose, on which device, used last when and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from portico.gate import clock
from portico.gate.accounts.device_names import device_name
from portico.gate.models import Person, SessionRow

KEYS = (SessionRow.last_used_at, SessionRow.id)  # the order of the list, last used first


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with its owner. Addresses are those of the network; nobody is asked where on earth they are."""

    number: int
    email: str
    device: str
    began_at: datetime
    began_from: str
    used_at: datetime
    used_from: str
    until: datetime
    remembered: bool


def statement(*, person: Person | None = None, address: str = "") -> Select[SessionRow, str]:
    """Open sessions, of everybody or of one person, used last from one address or any; without an order yet.

    Sessions of apps' own hosts count as part of the one that they came from.
    """
    found = (
        select(SessionRow, Person.email)
        .join(Person, Person.id == SessionRow.person_id)
        .where(SessionRow.valid_until > clock.now(), SessionRow.parent_id.is_(None))
    )
    if person is not None:
        found = found.where(SessionRow.person_id == person.id)
    if address:
        found = found.where(SessionRow.last_ip == address)
    return found


def shown(row: SessionRow, email: str) -> OpenSession:
    """One row of the statement."""
    return OpenSession(
        number=row.id,
        email=email,
        device=device_name(row.user_agent),
        began_at=row.created_at,
        began_from=row.ip,
        used_at=row.last_used_at,
        used_from=row.last_ip,
        until=row.valid_until,
        remembered=row.remembered,
    )
