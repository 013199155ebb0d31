"""People and what they may be."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, Index, String, Table, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base

person_role = Table(
    "person_role",
    Base.metadata,
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True),
)


FOUND_BY = 400  # letters; with the address beside it, an entry fits into an index of PostgreSQL


def found_by(email: str, name: str) -> str:
    """What a search for people looks at: address and name without case and accents."""
    plain = unicodedata.normalize("NFKD", f"{email} {name}".casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))[:FOUND_BY]


def _found_by(context: Any) -> str:
    row = context.get_current_parameters()
    return found_by(row["email"], row.get("name", ""))


class Role(Base, RoleMixin):
    """What a person may be; `access` in portico.toml names roles."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str] = mapped_column(String(200), default="")
    people: Mapped[list[Person]] = relationship(secondary=person_role, back_populates="roles")


class Person(Base, UserMixin):
    """Someone with an account.

    `email` is normalised and lower case; `email_verified` says that somebody vouches for it. `password` is an
    Argon2id hash, None until the person has set one. `fs_uniquifier` (the name is Flask-Security's) is the opaque
    id that apps get as `sub`; it never changes. A guest's account ends at `active_until`.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_directory", "email", "found_by", "active", "email_verified"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fs_uniquifier: Mapped[str] = mapped_column("uid", String(32), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    email_verified: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_sign_in_at: Mapped[datetime | None] = mapped_column()
    active_until: Mapped[datetime | None] = mapped_column(index=True)
    roles: Mapped[list[Role]] = relationship(  # type: ignore[assignment]  # Flask-Security's is a list of mixins
        secondary=person_role, back_populates="people", lazy="selectin", order_by=Role.name
    )

    found_by: Mapped[str] = mapped_column(String(FOUND_BY), default=_found_by, server_default="")

    @property
    def role_names(self) -> frozenset[str]:
        """The names of this person's own roles; groups may give more (`groups.roles_of`)."""
        return frozenset(role.name for role in self.roles)

    @property
    def has_ended(self) -> bool:
        """Whether this was a guest whose time is over."""
        return self.active_until is not None and self.active_until <= clock.now()


@event.listens_for(Person, "before_insert")
@event.listens_for(Person, "before_update")
def _keep_found(_mapper: object, _connection: object, person: Person) -> None:
    person.found_by = found_by(person.email, person.name or "")
