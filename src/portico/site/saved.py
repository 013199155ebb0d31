"""A Site as JSON and back: how the supervisor hands what it has checked to the gate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portico.site.mail import Mail
from portico.site.model import (
    Access,
    App,
    Audit,
    Insight,
    PathRule,
    Run,
    RunKind,
    SecondFactor,
    Sessions,
    SignIn,
    SignUp,
    Site,
    Tokens,
)
from portico.site.sources import Directory, FactorsThere, Joins, Provider, Sources, TrustedHeader


def to_json(site: Site) -> str:
    """The site as JSON text. It may hold secrets (database password, apps' variables): keep it private."""
    return json.dumps(asdict(site), default=_plain, indent=2)


def from_json(text: str) -> Site:
    """The site that `to_json` wrote, equal to it. Nothing is checked again: it was when it was loaded."""
    saved: dict[str, Any] = json.loads(text)
    return Site(
        **saved
        | {
            "sign_up": SignUp(saved["sign_up"]),
            "root": Path(saved["root"]),
            "file": _path(saved["file"]),
            "state": Path(saved["state"]),
            "run": _path(saved["run"]),
            "trusted_proxies": tuple(saved["trusted_proxies"]),
            "sessions": Sessions(**saved["sessions"]),
            "sign_up_domains": tuple(saved["sign_up_domains"]),
            "mail": Mail(**saved["mail"]),
            "sign_in": _sign_in(saved["sign_in"]),
            "tokens": Tokens(**saved["tokens"]),
            "audit": Audit(**saved["audit"]),
            "insight": Insight(**saved["insight"]),
            "sources": _sources(saved["sources"]),
            "apps": tuple(_app(app) for app in saved["apps"]),
        }
    )


def _sign_in(saved: dict[str, Any]) -> SignIn:
    second = saved["second_factor"]
    return SignIn(**saved | {"second_factor": SecondFactor(second["required"], frozenset(second["roles"]))})


def _sources(saved: dict[str, Any]) -> Sources:
    directory, header = saved["directory"], saved["header"]
    return Sources(
        tuple(_provider(one) for one in saved["providers"]),
        Directory(**directory | _common(directory) | {"ca": _path(directory["ca"])}) if directory else None,
        TrustedHeader(**header | _common(header) | {"peers": tuple(header["peers"])}) if header else None,
    )


def _provider(saved: dict[str, Any]) -> Provider:
    trusted, factors = saved["trusts_addresses"], saved["second_factor"]
    return Provider(
        **saved
        | _common(saved)
        | {
            "ca": _path(saved["ca"]),
            "scopes": tuple(saved["scopes"]),
            "trusts_addresses": trusted if isinstance(trusted, bool) else tuple(trusted),
            "second_factor": FactorsThere(factors["by_amr"], tuple(factors["by_acr"])),
        }
    )


def _common(saved: dict[str, Any]) -> dict[str, Any]:
    return {"roles": _pairs(saved), "joins": Joins(saved["joins"])}


def _pairs(saved: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((group, role) for group, role in saved["roles"])


def _app(saved: dict[str, Any]) -> App:
    run, access = saved["run"], saved["access"]
    return App(
        **saved
        | {
            "run": Run(**run | {"kind": RunKind(run["kind"]), "argv": tuple(run["argv"])}),
            "access": _access(access),
            "paths": tuple(PathRule(rule["path"], _access(rule["access"])) for rule in saved["paths"]),
            "frame_ancestors": tuple(saved["frame_ancestors"]),
            "folder": Path(saved["folder"]),
            "python": _path(saved["python"]),
            "environment": tuple((name, value) for name, value in saved["environment"]),
        }
    )


def _access(saved: dict[str, Any]) -> Access:
    return Access(**saved | {"roles": frozenset(saved["roles"]), "people": frozenset(saved["people"])})


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
