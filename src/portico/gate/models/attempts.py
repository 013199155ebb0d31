"""Failed attempts, shared by all workers of the gate."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate.models.base import Base


class Attempts(Base):
    """How often something failed lately, and until when the next try has to wait.

    `key` names no one in clear.
    """

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(index=True)
    wait_until: Mapped[datetime] = mapped_column()
