"""How the apps are used: sums by app and day, and nothing about a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate.models.base import Base

OUTPUT_LENGTH = 250


class InsightSalt(Base):
    """The secret of one day, without which its marks of people say nothing. It is removed when the day is over."""

    __tablename__ = "insight_salt"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)  # 2026-03-01
    salt: Mapped[str] = mapped_column(String(64))


class InsightDay(Base):
    """One app on one day. `sketch` counts the people, about, and `people` is what it says; `times` has the
    answers by their time (sketches.py)."""

    __tablename__ = "insight_day"
    __table_args__ = (Index("ix_insight_day_app_day", "app", "day"),)

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    app: Mapped[str] = mapped_column(String(40), primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger, default=0)
    visits: Mapped[int] = mapped_column(BigInteger, default=0)
    errors: Mapped[int] = mapped_column(BigInteger, default=0)
    refused: Mapped[int] = mapped_column(BigInteger, default=0)
    websockets: Mapped[int] = mapped_column(BigInteger, default=0)
    people: Mapped[int] = mapped_column(BigInteger, default=0)
    sketch: Mapped[str] = mapped_column(Text, default="")
    times: Mapped[dict[str, Any]] = mapped_column(default=dict)


class InsightCallback(Base):
    """One Dash callback of one app on one day, by the outputs it fills as the app's code names them."""

    __tablename__ = "insight_callback"
    __table_args__ = (Index("ix_insight_callback_app_day", "app", "day"),)

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    app: Mapped[str] = mapped_column(String(40), primary_key=True)
    output: Mapped[str] = mapped_column(String(OUTPUT_LENGTH), primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger, default=0)
    errors: Mapped[int] = mapped_column(BigInteger, default=0)
    times: Mapped[dict[str, Any]] = mapped_column(default=dict)
