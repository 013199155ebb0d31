"""Reading `[sso.NAME]`, `[ldap]` and `[trusted_header]`, with their secrets from the environment or files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portico.site import addresses, source_settings
from portico.site.places import absolute, is_file
from portico.site.problems import Problems, Wrong, dotted, shown, suggestion
from portico.site.sources import Directory, Provider, Sources, TrustedHeader
from portico.site.tables import read_table

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}", re.ASCII)
_SECRETS = ("secret", "client_secret", "password", "bind_password")


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a table needs beside the table."""

    root: Path
    roles: Mapping[str, str]
    environ: Mapping[str, str]
    problems: Problems


def read_sources(document: Mapping[str, Any], reading: Reading) -> Sources:
    """Everything beside passwords by which people may sign in; what is wrong is noted in the problems."""
    return Sources(
        _providers(document.get("sso", {}), reading),
        _directory(document["ldap"], reading) if "ldap" in document else None,
        _header(document["trusted_header"], reading) if "trusted_header" in document else None,
    )


def _providers(table: object, reading: Reading) -> tuple[Provider, ...]:
    problems = reading.problems
    if not isinstance(table, dict):
        problems.add("sso", f"expected tables like [sso.okta], not {shown(table)}")
        return ()
    found = []
    for name, values in table.items():
        where = dotted("sso", name)
        if not _NAME.fullmatch(name):
            problems.add(where, 'a name has up to 30 small letters, digits and "_", and starts with a letter')
        elif not isinstance(values, dict):
            problems.add(where, f"expected a table like [{where}], not {shown(values)}")
        else:
            found.append(_provider(name, values, reading))
    return tuple(found)


def _provider(name: str, table: dict[str, Any], reading: Reading) -> Provider:
    where, variable = f"sso.{name}", f"PORTICO_SSO_{name.upper()}_SECRET"
    values = _read(table, source_settings.SSO, where, variable, reading)
    return Provider(
        name=name,
        issuer=values["issuer"] or "",
        client_id=values["client_id"] or "",
        title=values["title"] or name.replace("_", " ").title(),
        client_secret=_secret(variable, reading),
        scopes=values["scopes"],
        groups_claim=values["groups_claim"],
        roles=_roles(values["roles"], f"{where}.roles", reading),
        sign_up=values["sign_up"],
        trusts_addresses=values["trusts_addresses"],
        joins=values["joins"],
        second_factor=values["second_factor"],
        ca=_file(values["ca"], f"{where}.ca", reading),
    )


def _directory(table: object, reading: Reading) -> Directory:
    problems = reading.problems
    variable = source_settings.LDAP_PASSWORD.variable
    values = _read(table, source_settings.LDAP, "ldap", variable, reading)
    url = values["url"] or ""
    if (
        url.startswith("ldap:")
        and not values["start_tls"]
        and not addresses.is_loopback(urlsplit(url).hostname or "")
    ):
        problems.add(
            "ldap.start_tls", "passwords would go over the network in the clear; leave it on, or use ldaps://"
        )
    password = _secret(variable, reading)
    if (password is None) != (values["bind_dn"] is None):
        problems.add("ldap.bind_dn", f"it and {variable} belong together; one is missing")
    by_search = values["group_base"] is not None
    return Directory(
        url=url,
        base=values["base"] or "",
        title=values["title"],
        start_tls=values["start_tls"],
        ca=_file(values["ca"], "ldap.ca", reading),
        bind_dn=values["bind_dn"],
        password=password,
        filter=values["filter"],
        mail=values["mail"],
        display_name=values["display_name"],
        id=values["id"],
        groups=values["groups"],
        group_base=values["group_base"],
        group_filter=values["group_filter"] if by_search else None,
        roles=_roles(values["roles"], "ldap.roles", reading),
        sign_up=values["sign_up"],
        joins=values["joins"],
        timeout=values["timeout"],
    )


def _header(table: object, reading: Reading) -> TrustedHeader:
    problems = reading.problems
    values = read_table(table, source_settings.TRUSTED_HEADER, "trusted_header", reading.environ, problems)
    if values["groups_header"] is None and values["roles"]:
        problems.add("trusted_header.groups_header", "is missing; roles come from the groups in it")
    return TrustedHeader(
        header=values["header"] or "",
        peers=values["from"] or (),
        name_header=values["name_header"],
        groups_header=values["groups_header"],
        roles=_roles(values["roles"], "trusted_header.roles", reading),
        sign_up=values["sign_up"],
        joins=values["joins"],
        sign_out=values["sign_out"],
    )


def _read(
    table: object, settings: tuple[Any, ...], where: str, variable: str, reading: Reading
) -> dict[str, Any]:
    """The table's values; a secret in it gets a word of its own."""
    if isinstance(table, dict):
        for key in set(table) & set(_SECRETS):
            reading.problems.add(
                f"{where}.{key}", f"a secret does not belong in portico.toml; use {variable}_FILE"
            )
        table = {key: value for key, value in table.items() if key not in _SECRETS}
    return read_table(table, settings, where, reading.environ, reading.problems)


def _secret(variable: str, reading: Reading) -> str | None:
    setting = replace(source_settings.LDAP_PASSWORD, key="secret", variable=variable)
    secret: str | None = read_table({}, (setting,), variable, reading.environ, reading.problems)["secret"]
    return secret


def _roles(table: object, where: str, reading: Reading) -> tuple[tuple[str, str], ...]:
    """The pairs of a group's name and a role."""
    if not isinstance(table, dict):
        reading.problems.add(
            where, f'expected a table like {{ "sales-team" = "analyst" }}, not {shown(table)}'
        )
        return ()
    pairs = []
    for group, wanted in table.items():
        for role in wanted if isinstance(wanted, list) else [wanted]:
            place = dotted(*where.split("."), group)
            if reading.problems.reading(place, lambda role=role: _role(role, reading.roles), None):  # type: ignore[misc]
                pairs.append((group, role))
    return tuple(pairs)


def _role(role: object, known: Mapping[str, str]) -> str:
    if not isinstance(role, str):
        raise Wrong(f"expected a role, not {shown(role)}")
    if role not in known:
        raise Wrong(
            f"unknown role {shown(role)}" + (suggestion(role, known) or "; declare it in [roles] first")
        )
    return role


def _file(value: object, where: str, reading: Reading) -> Path | None:
    if value is None:
        return None
    file = absolute(str(value), reading.root)
    if not is_file(file):
        reading.problems.add(where, f"no such file: {file}")
    return file
