"""Dash Pages: what Dash makes once for everybody is made for nobody.

At the first request Dash calls the layout functions of all pages, and puts the result into every page that it sends
(`validation_layout`). Called for the first visitor, they would show that person's name to everybody.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from portico import identity


def as_nobody(original: Callable[..., None]) -> Callable[..., None]:
    """Dash.enable_pages, whose step before the first request runs while nobody is the current user."""

    @functools.wraps(original)
    def enable_pages(self: Any) -> None:
        registry = getattr(self, "backend", None) or self.server
        register = registry.before_request
        registry.before_request = lambda step: register(_of_nobody(step))
        try:
            original(self)
        finally:
            del registry.before_request

    return enable_pages


def _of_nobody(step: Callable[[], Any]) -> Callable[[], Any]:
    @functools.wraps(step)
    def run() -> Any:
        token = identity.enter(identity.ANONYMOUS)
        try:
            return step()
        finally:
            identity.leave(token)

    @functools.wraps(step)
    async def run_async() -> Any:
        token = identity.enter(identity.ANONYMOUS)
        try:
            return await step()
        finally:
            identity.leave(token)

    return run_async if inspect.iscoroutinefunction(step) else run
