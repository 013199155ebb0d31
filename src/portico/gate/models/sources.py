"""Accounts elsewhere that open an account here: which, what roles they bring, which sessions began there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base


class LinkedAccount(Base):
    """An account at a provider, in a directory or at a proxy, with which this person signs in.

    `source` is how portico.toml names the place ("sso.okta", "ldap", "trusted_header"); `issuer` and `subject` are what
    the place says, and never change there. `email` is the address it stated last.
    """

    __tablename__ = "linked_account"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_linked_account_issuer"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(40))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None] = mapped_column()


class BroughtRole(Base):
    """A role that a person has because of a group elsewhere. A role without such a row was given here, and stays."""

    __tablename__ = "brought_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[int] = mapped_column(
        ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    source: Mapped[str] = mapped_column(String(40), primary_key=True)


class SessionOrigin(Base):
    """Where a session began, if elsewhere. `sid` is the provider's own name for its session there.

    `id_token` is what the provider wants to see when it is asked to end it; it opens nothing.
    """

    __tablename__ = "session_origin"
    __table_args__ = (
        Index("ix_session_origin_subject", "issuer", "subject"),
        Index("ix_session_origin_sid", "issuer", "sid"),
    )

    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    sid: Mapped[str | None] = mapped_column(String(255))
    id_token: Mapped[str | None] = mapped_column(Text)


class SpentToken(Base):
    """A provider's logout token that has done its work and must not do it again."""

    __tablename__ = "spent_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
