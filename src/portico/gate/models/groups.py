"""Groups: people who have roles together."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate.models.base import Base

person_group = Table(
    "person_group",
    Base.metadata,
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", ForeignKey("people_group.id", ondelete="CASCADE"), primary_key=True, index=True),
)
group_role = Table(
    "group_role",
    Base.metadata,
    Column("group_id", ForeignKey("people_group.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Group(Base):
    """People who belong together; each of them has the group's roles beside their own."""

    __tablename__ = "people_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str] = mapped_column(String(200), default="")
