"""Sessions, as the server keeps them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base


class SessionRow(Base):
    """One browser's session. The cookie holds a random token, this row only its SHA-256.

    `valid_until` is the earlier of the idle and the absolute end. A child session belongs to an app's own
    host (`host`) and ends with its parent. `data` is what Flask keeps in `session`. `ip` is where it began,
    `last_ip` where it was used last. `previous_hash` is the token before this one: until `previous_until` it still
    opens apps, for the requests that were under way when the token changed.
    """

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_last_used_at", "last_used_at", "id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), index=True)
    host: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime] = mapped_column(default=clock.now)
    valid_until: Mapped[datetime] = mapped_column(index=True)
    absolute_until: Mapped[datetime] = mapped_column()
    remembered: Mapped[bool] = mapped_column(default=False)
    ip: Mapped[str] = mapped_column(String(45), default="")
    last_ip: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(String(255), default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    proven_at: Mapped[datetime | None] = mapped_column()  # when the person last proved who they are in it
    strong: Mapped[bool] = mapped_column(default=False)  # it began with a second factor
    previous_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    previous_until: Mapped[datetime | None] = mapped_column()
