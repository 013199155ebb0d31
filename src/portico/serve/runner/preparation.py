"""What must be done once before an app is served: for the gate, its secrets and its migrations."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from portico.serve.runner.failure import LoadError, print_own_traceback
from portico.serve.runner.spec import Spec


def prepare(spec: Spec) -> list[str]:
    """Call the function that `spec.prepare` names, if any; its notes go into the ready event."""
    if spec.prepare is None:
        return []
    module, _, name = spec.prepare.partition(":")
    try:
        answer = getattr(importlib.import_module(module), name)()
    except Exception as error:  # whatever it is, the supervisor is told in one line why nothing starts
        if not _is_user_error(error):
            print_own_traceback(error)
        raise LoadError(str(error) or type(error).__name__) from error
    notes: Sequence[str] = (answer or {}).get("notes", ())
    return list(notes)


def _is_user_error(error: Exception) -> bool:
    from portico.errors import UserError

    return isinstance(error, UserError)
