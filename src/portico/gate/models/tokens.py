"""API tokens: what programs show instead of a session."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base
from portico.gate.models.people import Person


class ApiToken(Base):
    """A token of a person, or of a service when `person_id` is None.

    Its text is shown once; the row keeps its SHA-256, and in `hint` enough to know it again. `scopes` only narrow what
    the person may do. A service is nobody's: `roles` are its own, `uid` is what apps get as `sub`.
    """

    __tablename__ = "api_token"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    roles: Mapped[list[str]] = mapped_column(JSON, default=list)
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by: Mapped[str] = mapped_column(String(254))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None] = mapped_column()
    last_ip: Mapped[str] = mapped_column(String(45), default="")
    person: Mapped[Person | None] = relationship(lazy="raise")
