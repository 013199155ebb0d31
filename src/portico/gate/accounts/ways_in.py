"""Somebody who runs the site can always sign in to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate.models import LinkedAccount, Passkey, Person, Role
from portico.gate.policy import ADMIN
from portico.site import Site


class LastWayError(UserError):
    """No administrator could sign in any more."""

    def __init__(self) -> None:
        super().__init__(
            "this is the last way in which an administrator can sign in; make a password or another administrator first"
        )


@contextmanager
def keeping_an_administrator(db: Session, site: Site) -> Iterator[None]:
    """Undo nothing, but LastWayError when what is done inside leaves no administrator who can sign in."""
    before = _one_can_sign_in(db, site)
    yield
    db.flush()
    if before and not _one_can_sign_in(db, site):
        raise LastWayError


def _one_can_sign_in(db: Session, site: Site) -> bool:
    """A password, a passkey that nobody has copied, or an account at a place that the site still knows."""
    passkey = exists().where(Passkey.person_id == Person.id, Passkey.copied.is_(False))
    elsewhere = exists().where(
        LinkedAccount.person_id == Person.id, LinkedAccount.source.in_(site.sources.titles)
    )
    query = (
        select(Person.id)
        .where(Person.roles.any(Role.name == ADMIN), Person.active, Person.active_until.is_(None))
        .where(or_(Person.password.is_not(None), passkey, elsewhere))
    )
    return db.scalar(query.limit(1)) is not None
