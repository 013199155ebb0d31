"""From a file of people to a change of the site: compared first, then carried out as a whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.actions import tidy
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.people import count_administrators
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Link, Person, Role, SessionRow, person_role
from portico.gate.models.people import found_by
from portico.gate.policy import ADMIN
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
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one person. `id` None: they are added. None elsewhere: it stays as it is."""

    line: int
    email: str
    id: int | None = None
    name: str | None = None
    active: bool | None = None
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
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would change: people to add, people to change, and how many are as it says already."""

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    same: int


def compare(db: Session, roster: Roster) -> Plan:
    """What the file would change, from the database as it is now. RosterError with all that is wrong."""
    roles = frozenset(db.scalars(select(Role.name)))
    if problems := _unknown_roles(roster.entries, roles):
        raise RosterError(problems)
    known = _known(db, [entry.email for entry in roster.entries])
    changes = [_change(entry, known.get(entry.email)) for entry in roster.entries]
    added = tuple(one for one in changes if one and one.id is None)
    changed = tuple(one for one in changes if one and one.id is not None)
    return Plan(added, changed, len(changes) - len(added) - len(changed))


@one_transaction
def bring_in(db: Session, actor: Actor, roster: Roster, *, dry_run: bool = False) -> Plan:
    """Add and change people as the file says, all of them or none; nobody else is touched.

    The actor vouches for the addresses of those who are added; they have no password yet. Who is disabled is signed
    out. With `dry_run` everything is tried and nothing kept. RosterError with all that is wrong.
    """
    serialize(db)
    db.expire_all()  # what this session has read may be older than the lock
    plan = compare(db, roster)
    had = count_administrators(db)
    roles = {role.name: role.id for role in db.scalars(select(Role))}
    _add(db, plan.added, roles)
    _alter(db, plan.changed, roles)
    db.flush()
    if had and not count_administrators(db):
        raise RosterError([_left_alone(plan)])
    _note(db, actor, plan)
    if dry_run:
        db.rollback()
    db.expire_all()
    return plan


def _unknown_roles(entries: Iterable[Entry], roles: frozenset[str]) -> list[str]:
    problems = []
    for entry in entries:
        for name in sorted((entry.roles or frozenset()) - roles):
            close = get_close_matches(name, roles, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            problems.append(f'line {entry.line}: no such role: "{name}"{hint}')
    return problems


def _known(db: Session, emails: Sequence[str]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for some in _portions(emails):
        rows = db.execute(
            select(Person.id, Person.email, Person.name, Person.active, Role.name.label("role"))
            .outerjoin(person_role, person_role.c.person_id == Person.id)
            .outerjoin(Role, Role.id == person_role.c.role_id)
            .where(Person.email.in_(some))
        )
        for row in rows:
            one = found.get(row.email)
            roles = (one.roles if one else frozenset()) | ({row.role} if row.role else set())
            found[row.email] = Known(row.id, row.email, row.name, row.active, roles)
    return found


def _change(entry: Entry, known: Known | None) -> Change | None:
    """What the line changes; None when everything is as it says."""
    name = tidy(entry.name) if entry.name else None
    if known is None:
        added = tuple(sorted(entry.roles or ()))
        return Change(entry.line, entry.email, None, name, False if entry.active is False else None, added)
    wanted = known.roles if entry.roles is None else entry.roles
    change = Change(
        entry.line,
        entry.email,
        known.id,
        name if name != known.name else None,
        entry.active if entry.active != known.active else None,
        tuple(sorted(wanted - known.roles)),
        tuple(sorted(known.roles - wanted)),
    )
    same = change.name is None and change.active is None and not change.added and not change.removed
    return None if same else change


def _add(db: Session, changes: Sequence[Change], roles: Mapping[str, int]) -> None:
    now = clock.now()
    for some in _portions(changes):
        db.execute(
            insert(Person),
            [
                {
                    "fs_uniquifier": uuid.uuid4().hex,
                    "email": one.email,
                    "name": one.name or "",
                    "active": one.active is not False,
                    "email_verified": True,
                    "created_at": now,
                    "found_by": found_by(one.email, one.name or ""),
                }
                for one in some
            ],
        )
        emails = select(Person.email, Person.id).where(Person.email.in_([one.email for one in some]))
        ids: dict[str, int] = {row.email: row.id for row in db.execute(emails)}
        _give(db, [(ids[one.email], roles[name]) for one in some for name in one.added])


def _alter(db: Session, changes: Sequence[Change], roles: Mapping[str, int]) -> None:
    for some in _portions(changes):
        for one in some:
            values: dict[str, Any] = {} if one.active is None else {"active": one.active}
            if one.name is not None:
                values |= {"name": one.name, "found_by": found_by(one.email, one.name)}
            if values:
                db.execute(
                    update(Person)
                    .where(Person.id == one.id)
                    .values(values)
                    .execution_options(synchronize_session=False)
                )
            if one.removed:
                gone = [roles[name] for name in one.removed]
                db.execute(
                    delete(person_role).where(
                        person_role.c.person_id == one.id, person_role.c.role_id.in_(gone)
                    )
                )
        _give(db, [(one.id, roles[name]) for one in some if one.id for name in one.added])
        _end(db, [one.id for one in some if one.id and one.active is False])


def _give(db: Session, pairs: Sequence[tuple[int, int]]) -> None:
    if pairs:
        db.execute(insert(person_role), [{"person_id": person, "role_id": role} for person, role in pairs])


def _end(db: Session, ids: Sequence[int]) -> None:
    """Sign out who is disabled, and take their links to a new password."""
    if ids:
        options = {"synchronize_session": False}
        db.execute(delete(SessionRow).where(SessionRow.person_id.in_(ids)).execution_options(**options))
        links = delete(Link).where(Link.person_id.in_(ids), Link.kind == LinkKind.RESET)
        db.execute(links.execution_options(**options))


def _note(db: Session, actor: Actor, plan: Plan) -> None:
    """A line for each person, as if it had been done one by one, and one for the file."""
    for one in plan.added:
        note(db, actor, "person-created", one.email, roles=list(one.added), imported=True)
        if one.active is False:
            note(db, actor, "person-disabled", one.email, imported=True)
    for one in plan.changed:
        if one.name is not None:
            note(db, actor, "name-changed", one.email, imported=True)
        if one.added or one.removed:
            detail = {"added": list(one.added), "removed": list(one.removed)}
            note(db, actor, "roles-changed", one.email, **detail, imported=True)
        if one.active is not None:
            what = "person-enabled" if one.active else "person-disabled"
            note(db, actor, what, one.email, imported=True)
    if plan.added or plan.changed:
        note(db, actor, "people-imported", added=len(plan.added), changed=len(plan.changed))


def _left_alone(plan: Plan) -> str:
    lines = [one.line for one in plan.changed if ADMIN in one.removed or one.active is False]
    where = f"line {lines[0]}: " if len(lines) == 1 else f"lines {', '.join(map(str, lines[:10]))}: "
    return f"{where}the site would be left without an administrator; make somebody else one first"


def _portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
