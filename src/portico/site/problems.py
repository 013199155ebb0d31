"""Collecting what is wrong with a site file, so that a person sees all of it at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from portico.errors import SiteError

T = TypeVar("T")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class Wrong(Exception):  # noqa: N818 - it reads as what it says: `raise Wrong("not a port")`
    """What is wrong with one value: the second half of a problem's line."""


class Problems:
    """The problems found so far, one line each: where, what is wrong, what would be right."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, where: str, what: str) -> None:
        """Note one problem."""
        self.lines.append(f"{where}: {what}" if where else what)

    def reading(self, where: str, read: Callable[[], T], otherwise: T) -> T:
        """The result of `read`; when it raises Wrong, that is noted and `otherwise` stands in."""
        try:
            return read()
        except Wrong as wrong:
            self.add(where, str(wrong))
            return otherwise

    def raise_if_any(self) -> None:
        """Raise SiteError with every line, when there is one."""
        if self.lines:
            raise SiteError(self.lines)


def dotted(*keys: str) -> str:
    """The place of a setting: `apps.sales.run`, with quotes where TOML needs them."""
    return ".".join(key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False) for key in keys)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the known word nearest to `word`, or "" when none is near."""
    candidates = sorted(known)
    near = difflib.get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def shown(value: object) -> str:
    """A TOML value as a person would recognise it in one line."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, (str, bool, int, float)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)  # dates and times
