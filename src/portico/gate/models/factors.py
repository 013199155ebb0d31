"""What a person proves with beside the password: authenticator app, passkeys, recovery codes, known devices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portico.gate import clock
from portico.gate.models.base import NEVER_REUSED, Base


class Authenticator(Base):
    """The authenticator app of a person (TOTP, RFC 6238); each person has one at most.

    `secret` is sealed (vault.py). `last_step` is the newest half minute whose code was used: none before it works.
    """

    __tablename__ = "authenticator"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(500))
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None] = mapped_column()


class Passkey(Base):
    """A WebAuthn credential: a phone, a computer, a security key.

    `credential` is its id in base64url, `public_key` a COSE key. `copied` is set when its sign count went back:
    from then on it opens nothing.
    """

    __tablename__ = "passkey"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    credential: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    transports: Mapped[str] = mapped_column(String(100), default="")
    synced: Mapped[bool] = mapped_column(default=False)
    copied: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None] = mapped_column()


class RecoveryCode(Base):
    """One unused recovery code, as an Argon2id digest. All of a person's have the same `salt`."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    salt: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))


class RememberedDevice(Base):
    """A browser that is not asked for the second factor again. Its cookie holds a token, this row only the hash.

    `password_mark` follows from the password: a new password, and the device is a stranger.
    """

    __tablename__ = "remembered_device"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    password_mark: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ip: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(String(255), default="")


class CodeTries(Base):
    """How many wrong codes somebody has sent for this person in a row, and until when the next one waits."""

    __tablename__ = "code_tries"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column()
    wait_until: Mapped[datetime] = mapped_column()


class SpentChallenge(Base):
    """A challenge that a passkey has answered: its answer works once. `digest` is its SHA-256."""

    __tablename__ = "spent_challenge"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
