"""One transaction for an action: the write and its audit line are kept together or not at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

P = ParamSpec("P")
R = TypeVar("R")


def one_transaction(action: Callable[Concatenate[Session, P], R]) -> Callable[Concatenate[Session, P], R]:
    """Commit when the action returns, roll back when it raises."""

    @wraps(action)
    def run(db: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = action(db, *args, **kwargs)
            db.commit()
        except BaseException:
            db.rollback()
            raise
        return result

    return run
