"""Insight: how the apps are used, by app and day, and each day's secret."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "insight_salt",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("salt", sa.String(64), nullable=False),
    )
    op.create_table(
        "insight_day",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("app", sa.String(40), primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("requests", "visits", "errors", "refused", "websockets", "people")
        ),
        sa.Column("sketch", sa.Text, nullable=False),
        sa.Column("times", sa.JSON, nullable=False),
        sa.Index("ix_insight_day_app_day", "app", "day"),
    )
    op.create_table(
        "insight_callback",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("app", sa.String(40), primary_key=True),
        sa.Column("output", sa.String(250), primary_key=True),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("errors", sa.BigInteger, nullable=False),
        sa.Column("times", sa.JSON, nullable=False),
        sa.Index("ix_insight_callback_app_day", "app", "day"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("insight_callback", "insight_day", "insight_salt"):
        op.drop_table(table)
