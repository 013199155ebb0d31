"""Guests: people who come without an account, through a share link or a page of another site."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base


class ShareLink(Base):
    """A link that opens one app, from `path` on, to whoever has it, until it runs out or is revoked."""

    __tablename__ = "share_link"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    app: Mapped[str] = mapped_column(String(40), index=True)
    path: Mapped[str] = mapped_column(String(500))
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by: Mapped[str] = mapped_column(String(254))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    opened: Mapped[int] = mapped_column(default=0)
    last_opened_at: Mapped[datetime | None] = mapped_column()


class GuestSession(Base):
    """One browser's way into one app without an account.

    It ends with the share link, or the API token for embedding, that it came from. `rule` is the path rule of the
    app that it opens beside the app itself ("": none). `name` is what another site says of who looks at its page.
    """

    __tablename__ = "guest_session"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    app: Mapped[str] = mapped_column(String(40))
    rule: Mapped[str] = mapped_column(String(500), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    share_id: Mapped[int | None] = mapped_column(ForeignKey("share_link.id", ondelete="CASCADE"), index=True)
    api_token_id: Mapped[int | None] = mapped_column(
        ForeignKey("api_token.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    valid_until: Mapped[datetime] = mapped_column(index=True)
    ip: Mapped[str] = mapped_column(String(45), default="")
