"""Who asks the API, for its operations: the guard has let them in already."""

from __future__ import annotations

from portico.gate.asking import Asker, asker
from portico.gate.audit import Actor


def who() -> Asker:
    """Who asks."""
    found = asker()
    assert found is not None  # noqa: S101  the guard of every operation
    return found


def me() -> Actor:
    """Who asks, as the audit has it."""
    return who().actor
