"""The audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate import clock
from portico.gate.models.base import Base


class AuditLine(Base):
    """Who did what to whom, when and from where.

    Rows are only added: triggers refuse to change them, and to remove one that is younger than AuditRetention says.
    """

    __tablename__ = "audit"
    __table_args__ = tuple(
        Index(f"ix_audit_{column}_at", column, "at") for column in ("subject", "actor", "action", "ip")
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    actor: Mapped[str] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(254), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AuditRetention(Base):
    """For how many days the audit's lines are kept, as the triggers know it. One row; NULL, or no row: for ever."""

    __tablename__ = "audit_retention"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("days >= 30", name="thirty_days_at_least"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    days: Mapped[int | None] = mapped_column()
