"""A Site as JSON and back: how the supervisor hands what it has checked to the gate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portico.site.model import Access, App, Run, RunKind, Sessions, SignUp, Site


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
            "apps": tuple(_app(app) for app in saved["apps"]),
        }
    )


def _app(saved: dict[str, Any]) -> App:
    run, access = saved["run"], saved["access"]
    return App(
        **saved
        | {
            "run": Run(**run | {"kind": RunKind(run["kind"]), "argv": tuple(run["argv"])}),
            "access": Access(
                **access | {"roles": frozenset(access["roles"]), "people": frozenset(access["people"])}
            ),
            "folder": Path(saved["folder"]),
            "python": _path(saved["python"]),
            "environment": tuple((name, value) for name, value in saved["environment"]),
        }
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
