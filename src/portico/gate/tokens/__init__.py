"""API tokens: programs show them at the front and at the gate's JSON API."""

from __future__ import annotations

from portico.gate.tokens.holders import Holder, find
from portico.gate.tokens.scopes import embeds, opens, reads_api, uses_api

__all__ = ["Holder", "embeds", "find", "opens", "reads_api", "uses_api"]
