"""From the text of a token to who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Update, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from portico.gate import clock
from portico.gate.accounts.groups import roles_of
from portico.gate.models import ApiToken, Person
from portico.gate.sessions import hash_token
from portico.gate.tokens import spelling

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token that is good: a person, or a service (`person` is None).

    `roles` are the person's own and those of their groups, or the service's.
    """

    token_id: int
    person: Person | None
    service: str | None
    roles: frozenset[str]
    scopes: frozenset[str]
    token_name: str

    @property
    def name(self) -> str:
        """Who it is for the audit."""
        return self.person.email if self.person else f"service {self.service}"


def find(db: Session, bearer_text: str, ip: str = "") -> Holder | None:
    """The holder of the token in an Authorization header ("Bearer ptk_...") or by itself.

    None when it is malformed, unknown, revoked or run out, or its person's account is closed. Ask before the request
    writes anything: its use is noted, at most once a minute, and committed.
    """
    text = bearer_text if spelling.well_formed(bearer_text) else spelling.of_header(bearer_text)
    if text is None:
        return None
    row = db.scalar(
        select(ApiToken)
        .options(joinedload(ApiToken.person))
        .where(ApiToken.token_hash == hash_token(text), ApiToken.expires_at > clock.now())
    )
    if row is None:
        return None
    person = row.person
    if person is None and row.person_id is not None:
        return None
    if person is not None and (not person.active or person.has_ended):
        return None
    roles = roles_of(db, person) if person else frozenset(row.roles)
    service = None if person else row.name
    holder = Holder(row.id, person, service, roles, frozenset(row.scopes), row.name)
    _touch(db, row, ip)
    return holder


def is_due(last_used_at: datetime | None) -> bool:
    """Whether the use of a token is to be noted again."""
    return last_used_at is None or clock.now() - last_used_at >= TOUCH_EVERY


def use_of(token_id: int, ip: str) -> Update:
    """What notes that a token is in use."""
    return update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=clock.now(), last_ip=ip[:45])


def _touch(db: Session, row: ApiToken, ip: str) -> None:
    """Note the use; a busy database refuses nobody."""
    if not is_due(row.last_used_at):
        return
    try:
        db.execute(use_of(row.id, ip))
        db.commit()
    except SQLAlchemyError:
        db.rollback()
