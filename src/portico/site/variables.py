"""The PORTICO_* variables that Portico reads, and a word about one that looks like a misspelt one."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from portico.site import schema

PREFIX = "PORTICO_"
OTHERS = (
    "LOG_FORMAT",
    "BACKUP_PASSPHRASE",
    "BACKUP_RECIPIENTS",
    "LDAP_PASSWORD",
)  # what serving and backups read
GIVEN = (
    "APP",
    "IDENTITY_KEYS",
    "PREFIX",
    "PREFIXES",
    "RUNNER",
    "SITE_JSON",
    "SITE_URL",
)  # for child processes


def misspelt(environ: Mapping[str, str]) -> tuple[str, ...]:
    """A line for every variable that resembles one of Portico's and is none.

    Others that begin alike are nobody's mistake: Kubernetes makes some for a service named portico.
    """
    settings = [
        setting.variable.removeprefix(PREFIX)
        for table in schema.OF_THE_PLACE.values()
        for setting in table
        if setting.variable
    ]
    plain = [*settings, *OTHERS]
    known = {*plain, *(f"{name}_FILE" for name in plain), *GIVEN}
    lines = []
    for name in sorted(environ):
        ending = name.removeprefix(PREFIX)
        if ending == name or ending in known:
            continue
        near = get_close_matches(ending, sorted(known - set(GIVEN)), n=1, cutoff=0.75)
        if near:
            lines.append(f'{name}: Portico reads no such variable; did you mean "{PREFIX}{near[0]}"?')
    return tuple(lines)
