"""What an administrator does with an app, with its line in the audit."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.supervisor import Supervisor


def restart(db: Session, actor: Actor, supervisor: Supervisor, app: str, patience: float) -> bool:
    """Give an app new workers; says whether that is done within `patience` seconds, else it goes on.

    The audit has two lines: it was asked for, and, where the new workers did not start, that it failed.
    UserError: they did not, or there is nobody to ask.
    """
    _note(db, actor, "app-restarted", app)
    try:
        return supervisor.restart(app, patience)
    except UserError:
        _note(db, actor, "app-restart-failed", app)
        raise


@one_transaction
def _note(db: Session, actor: Actor, action: str, app: str) -> None:
    note(db, actor, action, app)
