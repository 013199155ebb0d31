"""Accounts elsewhere: which open which account here, what roles they bring, which sessions began there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of accounts elsewhere."""
    op.create_table(
        "linked_account",
        sa.Column("id", sa.Integer, primary_key=True),
        _owner("person", index=True),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.UniqueConstraint("issuer", "subject", name="uq_linked_account_issuer"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "brought_role",
        _owner("person", primary_key=True),
        _owner("role", primary_key=True, index=True),
        sa.Column("source", sa.String(40), primary_key=True),
    )
    op.create_table(
        "session_origin",
        _owner("session", primary_key=True),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("sid", sa.String(255)),
        sa.Column("id_token", sa.Text),
        sa.Index("ix_session_origin_subject", "issuer", "subject"),
        sa.Index("ix_session_origin_sid", "issuer", "sid"),
    )
    op.create_table(
        "spent_token",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("expires_at", TIME, nullable=False, index=True),
    )


def _owner(table: str, *, primary_key: bool = False, index: bool = False) -> sa.Column[int]:
    owner = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(f"{table}_id", sa.Integer, owner, nullable=False, primary_key=primary_key, index=index)


def downgrade() -> None:
    """Forget all accounts elsewhere. The roles that they brought stay: nobody can tell them from others then."""
    for table in ("spent_token", "session_origin", "brought_role", "linked_account"):
        op.drop_table(table)
