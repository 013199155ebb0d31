"""Background jobs of Dash: what one person started is answered to that person.

Dash keeps a job's progress and result under a key made of the function and its arguments. Two people who start the
same callback with the same arguments would share the key, and the first who asks takes the result away: it may be the
wrong one. The key of a manager without `cache_by` therefore also names who asks. With `cache_by`, the app has said
itself who shares.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable
from typing import Any

from portico import identity


def keep_apart() -> None:
    """Complete Dash's managers of background callbacks, if this Dash has them; call after dash was imported."""
    managers = sys.modules.get("dash.background_callback.managers")
    manager = getattr(managers, "BaseBackgroundCallbackManager", None)
    if manager is not None:
        manager.build_cache_key = _of_one_person(manager.build_cache_key)


def _of_one_person(original: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(original)
    def build_cache_key(self: Any, *args: Any, **kwargs: Any) -> str:
        key = original(self, *args, **kwargs)
        who = identity.current_identity().id
        if self.cache_by is not None or not who:
            return key
        return hashlib.sha256(f"{key} {who}".encode()).hexdigest()

    return build_cache_key
