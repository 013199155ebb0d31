"""Lists of tokens, for pages, the command line and the JSON API."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portico.gate.models import ApiToken, Person

KEYS = (ApiToken.id,)


def statement(*, of: Person | None = None, services: bool = False) -> Any:
    """Tokens with their person, without an order: of one person, of services only, or all."""
    query = select(ApiToken, Person).outerjoin(Person, Person.id == ApiToken.person_id)
    if of is not None:
        query = query.where(ApiToken.person_id == of.id)
    return query.where(ApiToken.person_id.is_(None)) if services else query


def as_dict(row: ApiToken, person: Person | None) -> dict[str, Any]:
    """One token for a program; its text is nowhere."""
    used = row.last_used_at
    return {
        "id": row.id,
        "name": row.name,
        "hint": row.hint,
        "kind": "personal" if person else "service",
        "person": person.email if person else None,
        "roles": list(row.roles),
        "scopes": list(row.scopes),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "created_by": row.created_by,
        "expires_at": row.expires_at.isoformat(timespec="seconds"),
        "last_used_at": used.isoformat(timespec="seconds") if used else None,
        "last_ip": row.last_ip,
    }
