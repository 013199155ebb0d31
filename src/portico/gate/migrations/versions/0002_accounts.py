"""The outbox and invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("errand", sa.String(40), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_try_at", TIME, nullable=False, index=True),
        sa.Column("give_up_at", TIME, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("fault", sa.String(300), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), index=True),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("invited_by", sa.String(254), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False, index=True),
        sa.Column("used_at", TIME),
        sa.Column("used_by_id", sa.Integer, sa.ForeignKey("person.id", ondelete="SET NULL"), index=True),
        sa.Column("withdrawn_at", TIME),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("invitation", "outbox"):
        op.drop_table(table)
