"""From a plan to a change of the site: carried out as a whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.ends import shorten_sessions
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.people import count_administrators
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import Link, Person, Role, SessionRow, person_role
from portico.gate.models.people import found_by
from portico.gate.policy import ADMIN
from portico.gate.roster import inviting
from portico.gate.roster.columns import End
from portico.gate.roster.plan import Change, Plan, compare, portions
from portico.gate.roster.reading import Roster, RosterError


@one_transaction
def bring_in(
    db: Session, actor: Actor, roster: Roster, *, dry_run: bool = False, invited: bool = False
) -> Plan:
    """Add and change people as the file says, all of them or none; nobody else is touched.

    The actor vouches for the addresses of those who are added; they have no password yet. Who is disabled is signed
    out. `invited`: whoever is added gets a link to choose a password with, by mail where the site sends mail. With
    `dry_run` everything is tried and nothing kept. RosterError with all that is wrong.
    """
    serialize(db)
    db.expire_all()  # what this session has read may be older than the lock
    plan = compare(db, roster)
    if invited:
        inviting.check(len(plan.added))
    had = count_administrators(db)
    roles = {role.name: role.id for role in db.scalars(select(Role))}
    _add(db, plan.added, roles)
    _alter(db, plan.changed, roles)
    db.flush()
    if had and not count_administrators(db):
        raise RosterError([_left_alone(plan)])
    _note(db, actor, plan)
    if invited and not dry_run:
        plan = replace(plan, links=inviting.invite(db, actor, [one.email for one in plan.added]))
    if dry_run:
        db.rollback()
    db.expire_all()
    return plan


def _add(db: Session, changes: Sequence[Change], roles: Mapping[str, int]) -> None:
    now = clock.now()
    for some in portions(changes):
        db.execute(
            insert(Person),
            [
                {
                    "fs_uniquifier": uuid.uuid4().hex,
                    "email": one.email,
                    "name": one.name or "",
                    "active": one.active is not False,
                    "email_verified": True,
                    "active_until": _moment(one.until),
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
    for some in portions(changes):
        for one in some:
            values: dict[str, Any] = {} if one.active is None else {"active": one.active}
            if one.until is not None:
                values["active_until"] = _moment(one.until)
            if one.name is not None:
                values |= {"name": one.name, "found_by": found_by(one.email, one.name)}
            if values:
                db.execute(
                    update(Person)
                    .where(Person.id == one.id)
                    .values(values)
                    .execution_options(synchronize_session=False)
                )
            if one.id and isinstance(one.until, datetime):
                shorten_sessions(db, one.id, one.until)
            if one.removed:
                gone = [roles[name] for name in one.removed]
                db.execute(
                    delete(person_role).where(
                        person_role.c.person_id == one.id, person_role.c.role_id.in_(gone)
                    )
                )
        _give(db, [(one.id, roles[name]) for one in some if one.id for name in one.added])
        _end(db, [one.id for one in some if one.id and one.active is False])


def _moment(end: End | None) -> datetime | None:
    return end if isinstance(end, datetime) else None


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
        _note_end(db, actor, one)
    for one in plan.changed:
        if one.name is not None:
            note(db, actor, "name-changed", one.email, imported=True)
        if one.added or one.removed:
            detail = {"added": list(one.added), "removed": list(one.removed)}
            note(db, actor, "roles-changed", one.email, **detail, imported=True)
        if one.active is not None:
            what = "person-enabled" if one.active else "person-disabled"
            note(db, actor, what, one.email, imported=True)
        _note_end(db, actor, one)
    if plan.added or plan.changed:
        note(db, actor, "people-imported", added=len(plan.added), changed=len(plan.changed))


def _note_end(db: Session, actor: Actor, one: Change) -> None:
    if one.until is not None:
        end = _moment(one.until)
        note(db, actor, "end-set", one.email, until=end.isoformat() if end else None, imported=True)


def _left_alone(plan: Plan) -> str:
    lines = [
        one.line
        for one in plan.changed
        if ADMIN in one.removed or one.active is False or _moment(one.until) is not None
    ]
    where = f"line {lines[0]}: " if len(lines) == 1 else f"lines {', '.join(map(str, lines[:10]))}: "
    return f"{where}the site would be left without an administrator; make somebody else one first"
