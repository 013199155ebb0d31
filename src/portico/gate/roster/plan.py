"""What a file of people would change, from the database as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.actions import tidy
from portico.gate.models import Person, Role, person_role
from portico.gate.roster.columns import NEVER, ROLES, STATE, UNTIL, End, written_end
from portico.gate.roster.reading import Entry, Roster, RosterError

AT_ONCE = 500  # rows of a statement
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the database has them."""

    id: int
    email: str
    name: str
    active: bool
    until: datetime | None
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one person. `id` None: they are added. None elsewhere: it stays as it is."""

    line: int
    email: str
    id: int | None = None
    name: str | None = None
    active: bool | None = None
    until: End | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The change for a person who looks at it before it is made."""
        parts = ["added"] if self.id is None else []
        parts += [f"name: {self.name}"] if self.name else []
        parts += [f"gets {', '.join(self.added)}"] if self.added else []
        parts += [f"loses {', '.join(self.removed)}"] if self.removed else []
        parts += [] if self.active is None else ["enabled" if self.active else "disabled"]
        parts += [] if self.until is None else [_end_in_words(self.until)]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would change: people to add, people to change, and how many are as it says already.

    `links`: when it was carried out with invitations, the address and the token of each.
    """

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    same: int
    links: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def compare(db: Session, roster: Roster) -> Plan:
    """What the file would change, from the database as it is now. RosterError with all that is wrong."""
    roles = frozenset(db.scalars(select(Role.name)))
    if problems := _unknown_roles(roster.entries, roles):
        raise RosterError(problems)
    known = _known(db, [entry.email for entry in roster.entries])
    changes = [_change(entry, known.get(entry.email)) for entry in roster.entries]
    if problems := _past_ends(changes):
        raise RosterError(problems)
    added = tuple(one for one in changes if one and one.id is None)
    changed = tuple(one for one in changes if one and one.id is not None)
    return Plan(added, changed, len(changes) - len(added) - len(changed))


def _unknown_roles(entries: Iterable[Entry], roles: frozenset[str]) -> list[str]:
    problems = []
    for entry in entries:
        for name in sorted((entry.roles or frozenset()) - roles):
            close = get_close_matches(name, roles, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            problems.append(f'line {entry.line}: {ROLES}: no such role: "{name}"{hint}')
    return problems


def _known(db: Session, emails: Sequence[str]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for some in portions(emails):
        rows = db.execute(
            select(
                Person.id,
                Person.email,
                Person.name,
                Person.active,
                Person.active_until,
                Role.name.label("role"),
            )
            .outerjoin(person_role, person_role.c.person_id == Person.id)
            .outerjoin(Role, Role.id == person_role.c.role_id)
            .where(Person.email.in_(some))
        )
        for row in rows:
            one = found.get(row.email)
            roles = (one.roles if one else frozenset()) | ({row.role} if row.role else set())
            found[row.email] = Known(row.id, row.email, row.name, row.active, row.active_until, roles)
    return found


def _change(entry: Entry, known: Known | None) -> Change | None:
    """What the line changes; None when everything is as it says."""
    name = (tidy(entry.name) or None) if entry.name else None
    if known is None:
        added = tuple(sorted(entry.roles or ()))
        closed = False if entry.active is False else None
        until = None if entry.until == NEVER else entry.until
        return Change(entry.line, entry.email, None, name, closed, until, added)
    wanted = known.roles if entry.roles is None else entry.roles
    change = Change(
        entry.line,
        entry.email,
        known.id,
        name if name != known.name else None,
        entry.active if entry.active != known.active else None,
        entry.until if entry.until != (known.until or NEVER) else None,
        tuple(sorted(wanted - known.roles)),
        tuple(sorted(known.roles - wanted)),
    )
    return change if change.words else None


def _past_ends(changes: Iterable[Change | None]) -> list[str]:
    """Who is known is closed by their state, not by an end that is over; who is new may have one, from an export."""
    return [
        f"line {one.line}: {UNTIL}: {written_end(one.until)} is over; to close the account now, write "
        f"disabled as its {STATE}"
        for one in changes
        if one and one.id and isinstance(one.until, datetime) and one.until <= clock.now()
    ]


def _end_in_words(end: End) -> str:
    if not isinstance(end, datetime):
        return "has no end any more"
    return f"{'ended' if end <= clock.now() else 'ends'} {end:%Y-%m-%d %H:%M} UTC"


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Some at a time: as many as one statement takes."""
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
