"""Path rules: another access for a part of an app, as written in `[apps.sales.paths]`.

What is under a rule is decided by the front (serve/front/nginx/app.j2), segment by segment and letter by letter, the
longest rule first. An address that could be read as under another rule (another case, a parameter behind ";", an empty
segment, an encoded slash, an encoding inside an encoding) is refused there. `rule_of` is the same decision for the
gate and the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import unquote

from portico.site import addresses
from portico.site.access import parse_access
from portico.site.kinds import ACCESS
from portico.site.model import Access, App, PathRule
from portico.site.problems import Problems, Wrong, dotted, shown

APP_ITSELF = ""  # the rule of what lies under no path rule: the app's own access


def read_paths(
    table: object, where: str, roles: Mapping[str, str], problems: Problems
) -> tuple[PathRule, ...]:
    """The rules of a table of paths and accesses, the shortest path first."""
    if not isinstance(table, dict):
        problems.add(where, f'expected a table like {{ "/admin" = "admin" }}, not {shown(table)}')
        return ()
    found: dict[str, PathRule] = {}
    for key, value in table.items():
        place = f"{where}.{dotted(key)}"
        path = problems.reading(place, partial(_path, key), "")
        access = problems.reading(place, partial(_access, value, roles), Access())
        if path.lower() in found:
            problems.add(place, f"{shown(found[path.lower()].path)} is there already; keep one of them")
        elif path:
            found[path.lower()] = PathRule(path, access)
    return tuple(sorted(found.values(), key=lambda rule: (rule.path.count("/"), rule.path)))


def rule_of(app: App, path: str) -> str:
    """The path of the rule that a path inside the app is under; APP_ITSELF when it is under none.

    `path` is decoded, begins with "/" and has no query.
    """
    return next((rule.path for rule in reversed(app.paths) if _is_under(path, rule.path)), APP_ITSELF)


def access_of(app: App, rule: str) -> Access | None:
    """The access that the rule of this path says; None when the app has no such rule."""
    if rule == APP_ITSELF:
        return app.access
    return next((found.access for found in app.paths if found.path == rule), None)


def plain_path(text: str) -> str:
    """The path that an address inside an app means, decoded once; Wrong for one that can be read in two ways."""
    raw = text.partition("?")[0].partition("#")[0]
    if not raw.startswith("/"):
        raise Wrong(f'a path starts with "/": write {shown("/" + raw)}')
    path = unquote(raw)
    segments = path[1:].split("/")
    if "\\" in path or any(ord(letter) < 32 for letter in path) or "%2f" in raw.lower():
        raise Wrong(f"{shown(text)} is no plain path")
    if any(segment in (".", "..") for segment in segments) or "" in segments[:-1]:
        raise Wrong(f'{shown(text)} has an empty, "." or ".." part')
    return path


def _access(value: object, roles: Mapping[str, str]) -> Access:
    return parse_access(ACCESS.read(value), roles)


def _path(text: str) -> str:
    path = addresses.path(text)
    if path == "/":
        raise Wrong('"/" is the whole app; write that as its access')
    return path


def _is_under(path: str, rule: str) -> bool:
    return path == rule or path.startswith(rule + "/")


def narrowed(rules: Iterable[PathRule]) -> bool:
    """Whether one of the rules lets fewer people in than everybody."""
    return any(not (rule.access.public or rule.access.known) for rule in rules)
