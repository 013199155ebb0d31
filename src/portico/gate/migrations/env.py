"""Alembic's entry: runs the revisions on the connection that `upgrade` or `downgrade` locked."""

from __future__ import annotations

from alembic import context

from portico.gate.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is ours: one for all revisions
)
context.run_migrations()
