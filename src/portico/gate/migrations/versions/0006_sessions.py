"""Sessions: where each was used last, and the token before this one. The audit: indexes, and how long its lines stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)
FILTERS = ("actor", "action", "ip")

# A line may go when it is older than what `audit_retention` says, and nothing else may happen to one. Without a row
# there, or with a NULL in it, no line goes. The table takes no less than 30 days, whoever asks.
SQLITE_KEEP = """
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN NOT EXISTS (
  SELECT 1 FROM audit_retention
  WHERE old.at < strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || audit_retention.days || ' days')
)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
"""
SQLITE_REFUSE = (
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
)
POSTGRES_KEEP = (
    "DROP TRIGGER audit_append_only ON audit",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF NOT EXISTS (SELECT FROM audit_retention r WHERE old.at < now() - make_interval(days => r.days)) "
    "THEN RAISE EXCEPTION 'the audit is append-only'; END IF; RETURN old; END $$",
    "CREATE TRIGGER audit_retained BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep()",
)
POSTGRES_REFUSE = (
    "DROP TRIGGER audit_retained ON audit",
    "DROP FUNCTION audit_keep()",
    "DROP TRIGGER audit_append_only ON audit",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    """Sessions that are open now were used last where they began."""
    op.add_column("session", sa.Column("last_ip", sa.String(45), nullable=False, server_default=""))
    op.execute("UPDATE session SET last_ip = ip")
    op.add_column("session", sa.Column("previous_hash", sa.String(64)))
    op.add_column("session", sa.Column("previous_until", TIME))
    op.create_index("ix_session_previous_hash", "session", ["previous_hash"])
    op.create_index("ix_session_last_used_at", "session", ["last_used_at", "id"])
    op.create_table(
        "audit_retention",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("days", sa.Integer),
        sa.CheckConstraint("id = 1", name="ck_audit_retention_one_row"),
        sa.CheckConstraint("days >= 30", name="ck_audit_retention_thirty_days_at_least"),
    )
    for column in FILTERS:
        op.create_index(f"ix_audit_{column}_at", "audit", [column, "at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(SQLITE_KEEP)
    else:
        for statement in POSTGRES_KEEP:
            op.execute(statement)


def downgrade() -> None:
    """The audit refuses every deletion again; sessions forget where they were used last."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(SQLITE_REFUSE)
    else:
        for statement in POSTGRES_REFUSE:
            op.execute(statement)
    for column in FILTERS:
        op.drop_index(f"ix_audit_{column}_at", "audit")
    op.drop_table("audit_retention")
    op.drop_index("ix_session_last_used_at", "session")
    op.drop_index("ix_session_previous_hash", "session")
    for column in ("previous_until", "previous_hash", "last_ip"):
        op.drop_column("session", column)
