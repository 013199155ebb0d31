"""The tables with rows that belong to a person: what an export shows, and what goes with an account."""

from __future__ import annotations

from sqlalchemy import Table, delete
from sqlalchemy.orm import Session

from portico.gate.models import Base, Person

NOT_EXPORTED = {"link": "links that work once: only their hashes are kept, and they are gone within days"}
_ROLES = "person_role"  # given by administrators; an export names them with the account


def tables() -> list[Table]:
    """All of them by name, without links and roles."""
    found = [
        table
        for table in Base.metadata.sorted_tables
        if table.name not in NOT_EXPORTED and table.name != _ROLES and "person_id" in table.columns
    ]
    return sorted(found, key=lambda table: table.name)


def clear_out(db: Session, person: Person) -> None:
    """Take away, in the caller's transaction, all that was put into the account: sessions, tokens, factors.

    For an account whose address its owner proves only now: somebody else may have made it, and left a way in.
    """
    for table in tables():
        db.execute(delete(table).where(table.c.person_id == person.id))
    db.expire_all()
