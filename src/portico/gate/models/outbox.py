"""What is to be sent by mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base


class OutgoingMail(Base):
    """A mail that waits for the mail server, or an errand: a mail that is yet to be composed.

    `sealed` is encrypted with the site's keys, for a mail can hold a link that opens an account. Whoever delivers it
    puts `next_try_at` off first; so nobody else takes it at the same time.
    """

    __tablename__ = "outbox"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    errand: Mapped[str] = mapped_column(String(40), default="")
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    next_try_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    give_up_at: Mapped[datetime] = mapped_column()
    tries: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(String(300), default="")
