"""People and what they may be."""

from __future__ import annotations

from datetime import datetime

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base

person_role = Table(
    "person_role",
    Base.metadata,
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True),
)


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
    id that apps get as `sub`; it never changes.
    """

    __tablename__ = "person"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    fs_uniquifier: Mapped[str] = mapped_column("uid", String(32), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    email_verified: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_sign_in_at: Mapped[datetime | None] = mapped_column()
    roles: Mapped[list[Role]] = relationship(  # type: ignore[assignment]  # Flask-Security's is a list of mixins
        secondary=person_role, back_populates="people", lazy="selectin", order_by=Role.name
    )

    @property
    def role_names(self) -> frozenset[str]:
        """The names of this person's roles."""
        return frozenset(role.name for role in self.roles)
