"""Who may enter an app, as written in `access = ...`, and the roles a site declares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from portico.site.model import Access
from portico.site.problems import Problems, Wrong, dotted, shown, suggestion

PUBLIC, KNOWN, SIGNED_IN, ADMIN = "public", "public-with-identity", "signed-in", "admin"
WORDS = (PUBLIC, KNOWN, SIGNED_IN)
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
NAME_RULE = 'a name has up to 40 small letters, digits, "-" and "_", and starts with a letter'
_PERSON = re.compile(r"[^@\s\"<>]+@[^@\s\"<>.]+(\.[^@\s\"<>.]+)+")


def parse_access(entries: Iterable[str], roles: Mapping[str, str]) -> Access:
    """The access that one of the WORDS, or roles and mail addresses, mean; Wrong for an unknown role."""
    listed = tuple(entries)
    if not listed:
        raise Wrong('an empty list lets nobody in; write "admin" for administrators only')
    for word in WORDS:
        if word in listed and len(set(listed)) > 1:
            raise Wrong(f'"{word}" stands alone: it already covers the others in the list')
    if listed[0] == PUBLIC:
        return Access(public=True)
    if listed[0] == KNOWN:
        return Access(known=True)
    if listed[0] == SIGNED_IN:
        return Access(signed_in=True)
    return Access(
        roles=frozenset(_role(entry, roles) for entry in listed if "@" not in entry),
        people=frozenset(_person(entry) for entry in listed if "@" in entry),
    )


def read_roles(table: object, problems: Problems) -> dict[str, str]:
    """The roles of `[roles]` with their descriptions; "admin" is always among them."""
    roles = {ADMIN: "Runs the site: people, roles, every app"}
    if not isinstance(table, dict):
        problems.add("roles", f"expected a table like [roles], not {shown(table)}")
        return roles
    for name, description in table.items():
        where = dotted("roles", name)
        if not NAME.fullmatch(name):
            problems.add(where, NAME_RULE)
        elif name in WORDS:
            problems.add(where, f'"{name}" is not a role; it is a word of its own in access')
        elif not isinstance(description, str):
            problems.add(where, f"expected a description, not {shown(description)}")
        else:
            roles[name] = description.strip()
    return roles


def _role(entry: str, roles: Mapping[str, str]) -> str:
    if entry in roles:
        return entry
    near = suggestion(entry.replace("_", "-").replace(" ", "-"), [*roles, *WORDS])
    declared = entry if NAME.fullmatch(entry) else "analyst"
    raise Wrong(
        f"unknown role {shown(entry)}" + (near or f'; declare it: [roles] {declared} = "what it is for"')
    )


def _person(entry: str) -> str:
    if not _PERSON.fullmatch(entry):
        raise Wrong(f"not a mail address: {shown(entry)}")
    return entry.lower()
