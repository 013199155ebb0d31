"""The gate's JSON API: the same permissions and the same actions as the pages, described in OpenAPI."""

from __future__ import annotations

from portico.gate.api import (  # noqa: F401  each adds its operations
    apps,
    audit,
    groups,
    invitations,
    people,
    roles,
    sessions,
    site,
    tokens,
    ways,
)
from portico.gate.api.operations import blueprint

__all__ = ["blueprint"]
