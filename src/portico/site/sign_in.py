"""Who needs a second factor, as written in `[sign_in] second_factor = ...`."""

from __future__ import annotations

from collections.abc import Mapping

from portico.site.model import SecondFactor
from portico.site.problems import Wrong, shown, suggestion

OPTIONAL, REQUIRED = "optional", "required"


def parse_second_factor(entries: tuple[str, ...], roles: Mapping[str, str]) -> SecondFactor:
    """What "optional", "required" or a list of roles means; Wrong for an unknown role."""
    for word in (OPTIONAL, REQUIRED):
        if word in entries and len(set(entries)) > 1:
            raise Wrong(f'"{word}" stands alone: write it, or the roles that need a second factor')
    if entries == (OPTIONAL,) or not entries:
        return SecondFactor()
    if entries == (REQUIRED,):
        return SecondFactor(required=True)
    return SecondFactor(roles=frozenset(_role(entry, roles) for entry in entries))


def _role(entry: str, roles: Mapping[str, str]) -> str:
    if entry in roles:
        return entry
    near = suggestion(entry, [*roles, OPTIONAL, REQUIRED])
    raise Wrong(f"unknown role {shown(entry)}" + (near or "; declare it in [roles] first"))
