"""API tokens, groups, guests: share links, sessions without an account, accounts with an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables, and the end of an account."""
    op.add_column("person", sa.Column("active_until", TIME))
    op.create_index("ix_person_active_until", "person", ["active_until"])
    _groups()
    _tokens()
    _guests()


def _groups() -> None:
    op.create_table(
        "people_group",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.UniqueConstraint("name", name="uq_people_group_name"),
    )
    op.create_table(
        "person_group",
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "group_id",
            sa.Integer,
            sa.ForeignKey("people_group.id", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
    )
    op.create_table(
        "group_role",
        sa.Column(
            "group_id", sa.Integer, sa.ForeignKey("people_group.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column(
            "role_id", sa.Integer, sa.ForeignKey("role.id", ondelete="CASCADE"), primary_key=True, index=True
        ),
    )


def _tokens() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(20), nullable=False),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id", ondelete="CASCADE"), index=True),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("expires_at", TIME, nullable=False, index=True),
        sa.Column("last_used_at", TIME),
        sa.Column("last_ip", sa.String(45), nullable=False),
        sa.UniqueConstraint("uid", name="uq_api_token_uid"),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token_hash"),
        sqlite_autoincrement=True,
    )


def _guests() -> None:
    op.create_table(
        "share_link",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("app", sa.String(40), nullable=False, index=True),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("expires_at", TIME, nullable=False, index=True),
        sa.Column("opened", sa.Integer, nullable=False),
        sa.Column("last_opened_at", TIME),
        sa.UniqueConstraint("token_hash", name="uq_share_link_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guest_session",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("app", sa.String(40), nullable=False),
        sa.Column("rule", sa.String(500), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("share_id", sa.Integer, sa.ForeignKey("share_link.id", ondelete="CASCADE"), index=True),
        sa.Column("api_token_id", sa.Integer, sa.ForeignKey("api_token.id", ondelete="CASCADE"), index=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("valid_until", TIME, nullable=False, index=True),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_guest_session_token_hash"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Without tokens, groups and guests."""
    for table in ("guest_session", "share_link", "api_token", "group_role", "person_group", "people_group"):
        op.drop_table(table)
    op.drop_index("ix_person_active_until", "person")
    op.drop_column("person", "active_until")
