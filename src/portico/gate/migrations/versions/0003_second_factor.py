"""Second factor: authenticator apps, passkeys, recovery codes, known devices; when a session was last proven."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of the second factor; sessions that are open now count as never proven."""
    op.add_column("session", sa.Column("proven_at", TIME))
    op.add_column("session", sa.Column("strong", sa.Boolean, nullable=False, server_default=sa.false()))
    _factors()
    _devices_and_tries()


def _person(**options: Any) -> sa.Column[int]:
    owner = sa.ForeignKey("person.id", ondelete="CASCADE")
    return sa.Column("person_id", sa.Integer, owner, nullable=False, **options)


def _factors() -> None:
    op.create_table(
        "authenticator",
        _person(primary_key=True),
        sa.Column("secret", sa.String(500), nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer, primary_key=True),
        _person(index=True),
        sa.Column("credential", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("transports", sa.String(100), nullable=False),
        sa.Column("synced", sa.Boolean, nullable=False),
        sa.Column("copied", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.UniqueConstraint("credential", name="uq_passkey_credential"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer, primary_key=True),
        _person(index=True),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )


def _devices_and_tries() -> None:
    op.create_table(
        "remembered_device",
        sa.Column("id", sa.Integer, primary_key=True),
        _person(index=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("password_mark", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False, index=True),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(255), nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_remembered_device_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "code_tries",
        _person(primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("wait_until", TIME, nullable=False),
    )
    op.create_table(
        "spent_challenge",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("expires_at", TIME, nullable=False, index=True),
    )


def downgrade() -> None:
    """Forget all second factors."""
    for table in (
        "spent_challenge",
        "code_tries",
        "remembered_device",
        "recovery_code",
        "passkey",
        "authenticator",
    ):
        op.drop_table(table)
    op.drop_column("session", "strong")
    op.drop_column("session", "proven_at")
