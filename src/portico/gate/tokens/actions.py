"""Making and revoking API tokens: called by the pages, the command line and the JSON API."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import clock, mail
from portico.gate.accounts.people import find_roles
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.database import serialize
from portico.gate.models import ApiToken, Person
from portico.gate.sessions import hash_token
from portico.gate.tokens import scopes as scopes_of
from portico.gate.tokens import spelling
from portico.site import Site, duration_text

NAME_LENGTH = 80
MOST = 100  # tokens of one person
SHOWN_AFTER_THE_END = timedelta(days=30)
SHORTEST = timedelta(minutes=1)


class NoSuchTokenError(UserError):
    """There is no such token any more."""


@one_transaction
def issue_personal(  # noqa: PLR0917  in the order in which a person is asked
    db: Session, actor: Actor, site: Site, person: Person, name: str, scopes: Iterable[str], lasts: timedelta
) -> tuple[str, ApiToken]:
    """Make a token that may do, within its scopes, what the person may; returns its text, kept nowhere else."""
    if not person.active or person.has_ended:
        raise UserError(f"{person.email} is disabled; enable the account first")
    serialize(db)
    owned = db.scalar(select(func.count()).select_from(ApiToken).where(ApiToken.person_id == person.id)) or 0
    if owned >= MOST:
        raise UserError(f"an account has at most {MOST} tokens; revoke one that nobody needs")
    text, row = _issue(db, actor, site, name, scopes, lasts)
    row.person_id = person.id
    db.flush()
    note(db, actor, "token-made", person.email, token=row.id, name=row.name, scopes=list(row.scopes))
    mail.notify(db, person, "new-token", name=row.name, ip=actor.ip)
    return text, row


@one_transaction
def issue_service(  # noqa: PLR0917  in the order in which a person is asked
    db: Session,
    actor: Actor,
    site: Site,
    name: str,
    scopes: Iterable[str],
    lasts: timedelta,
    roles: Iterable[str] = (),
) -> tuple[str, ApiToken]:
    """Make a token of a service, which is nobody's and has roles of its own; returns its text."""
    wanted = [role.name for role in find_roles(db, list(roles))]
    text, row = _issue(db, actor, site, name, scopes, lasts)
    row.roles = wanted
    db.flush()
    note(
        db,
        actor,
        "token-made",
        f"service {row.name}",
        token=row.id,
        name=row.name,
        scopes=list(row.scopes),
        roles=wanted,
    )
    return text, row


@one_transaction
def revoke(db: Session, actor: Actor, number: int, *, of: Person | None = None) -> str:
    """End a token, and the frames on other sites that it opened; returns its name.

    `of`: only when it is this person's. NoSuchTokenError when there is none.
    """
    row = db.get(ApiToken, number)
    if row is None or (of is not None and row.person_id != of.id):
        raise NoSuchTokenError(f"no such token: {number}")
    owner = db.get(Person, row.person_id) if row.person_id else None
    name = row.name
    db.delete(row)
    subject = owner.email if owner else f"service {name}"
    note(db, actor, "token-revoked", subject, token=number, name=name)
    return name


def find_number(db: Session, text: str) -> int:
    """The number of a token that is given by its number, or, when it has leaked, by itself."""
    wanted = text.strip()
    if spelling.well_formed(wanted):
        found = db.scalar(select(ApiToken.id).where(ApiToken.token_hash == hash_token(wanted)))
        if found is None:
            raise NoSuchTokenError("this token is not good here, or not any more")
        return found
    if not wanted.isdecimal() or len(wanted) > 15:
        raise UserError(
            f'not a token: "{text}"; name its number in `portico token list`, or the token itself'
        )
    return int(wanted)


def forget(db: Session) -> None:
    """Remove tokens a while after their end."""
    db.execute(delete(ApiToken).where(ApiToken.expires_at < clock.now() - SHOWN_AFTER_THE_END))


def _issue(  # noqa: PLR0917  in the order in which a person is asked
    db: Session, actor: Actor, site: Site, name: str, scopes: Iterable[str], lasts: timedelta
) -> tuple[str, ApiToken]:
    called = " ".join("".join(letter for letter in name if letter.isprintable()).split())
    if not called:
        raise UserError("give the token a name that says what it is for")
    if len(called) > NAME_LENGTH:
        raise UserError(f"a token's name has at most {NAME_LENGTH} characters")
    if not SHORTEST <= lasts <= timedelta(seconds=site.tokens.longest):
        raise UserError(f"a token lasts from 1m to {duration_text(site.tokens.longest)} ([tokens] longest)")
    text, now = spelling.new_text(), clock.now()
    row = ApiToken(
        uid=uuid.uuid4().hex,
        name=called,
        token_hash=hash_token(text),
        hint=spelling.hint_of(text),
        scopes=list(scopes_of.parse(scopes, site)),
        roles=[],
        created_at=now,
        created_by=actor.name[:254],
        expires_at=now + lasts,
    )
    db.add(row)
    return text, row
