"""The types a setting can have: each turns a TOML value into a checked one, or says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portico.site import addresses, units
from portico.site.problems import Wrong, shown, suggestion

NEVER = "never"
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of setting.

    `label` names it in the reference. `read` checks a TOML value and raises Wrong. `of_text` makes of a
    variable's text what the file would have held ("2" becomes 2).
    """

    label: str
    read: Callable[[object], Any]
    of_text: Callable[[str], object] = str


def _string(value: object) -> str:
    if not isinstance(value, str):
        hint = f"; write it in quotes: {shown(str(value))}" if isinstance(value, (int, float)) else ""
        raise Wrong(f"expected text, not {shown(value)}{hint}")
    if "\0" in value or "\n" in value or "\r" in value:
        raise Wrong("expected text on one line")
    return value.strip()


def _text(value: object) -> str:
    text = _string(value)
    if not text:
        raise Wrong("is empty; write something between the quotes, or leave the line out")
    return text


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_text(value),)
    if not isinstance(value, list):
        raise Wrong(f"expected a list of texts, not {shown(value)}")
    return tuple(_text(item) for item in value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"expected true or false, not {shown(value)}")
    return value


def _variables(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise Wrong(f'expected a table like {{ MODE = "production" }}, not {shown(value)}')
    for name, content in value.items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise Wrong(f"not a name for a variable: {shown(name)}")
        if name.startswith("PORTICO_"):
            raise Wrong(f"{name}: names that start with PORTICO_ are Portico's own")
        if not isinstance(content, str):
            raise Wrong(f"{name}: a variable holds text; write {name} = {shown(str(content).lower())}")
        if "\0" in content:
            raise Wrong(f"{name}: a variable cannot hold a NUL character")
    return tuple(value.items())


def _whole_of_text(text: str) -> object:
    return int(text) if re.fullmatch(r"\s*-?\d+\s*", text, re.ASCII) else text


def _switch_of_text(text: str) -> object:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        text.lower(), text
    )


def whole(least: int, most: int) -> Kind:
    """A whole number between two bounds, both allowed."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            number = _whole_of_text(value) if isinstance(value, str) else None
            hint = f"; write {number} without quotes" if isinstance(number, int) else ""
            raise Wrong(f"expected a whole number, not {shown(value)}{hint}")
        if not least <= value <= most:
            raise Wrong(f"{value} is out of range; from {least} to {most}")
        return value

    return Kind(f"number, {least} to {most}", read, _whole_of_text)


def duration(least: str, most: str, *, never: bool = False) -> Kind:
    """A duration in seconds between two bounds; with `never`, the word "never" reads as None."""
    low, high = units.duration(least), units.duration(most)

    def read(value: object) -> float | None:
        if never and isinstance(value, str) and value.strip().lower() == NEVER:
            return None
        seconds = units.duration(value)
        if not low <= seconds <= high:
            raise Wrong(f"{shown(value)} is out of range; from {least} to {most}")
        return seconds

    return Kind(f'duration or "{NEVER}"' if never else "duration", read)


def size(least: str, most: str) -> Kind:
    """A size in bytes between two bounds."""
    low, high = units.size(least), units.size(most)

    def read(value: object) -> int:
        number = units.size(value)
        if not low <= number <= high:
            raise Wrong(f"{shown(value)} is out of range; from {least} to {most}")
        return number

    return Kind("size", read)


def choice(options: type[StrEnum]) -> Kind:
    """One of the words of an enum."""
    words = [option.value for option in options]

    def read(value: object) -> StrEnum:
        if isinstance(value, str) and value in words:
            return options(value)
        near = suggestion(value, words) if isinstance(value, str) else ""
        raise Wrong(f"unknown value {shown(value)}{near or '; one of ' + ', '.join(words)}")

    return Kind(" or ".join(f'"{word}"' for word in words), read)


def parsed(label: str, parse: Callable[[str], Any]) -> Kind:
    """Text that `parse` checks and turns into its value."""
    return Kind(label, lambda value: parse(_text(value)))


TEXT = Kind("text", _text)
PROSE = Kind("text", _string)  # may be empty
SWITCH = Kind("true or false", _switch, _switch_of_text)
VARIABLES = Kind("table of texts", _variables)
PORT = Kind("port", addresses.port, _whole_of_text)
ACCESS = Kind("text or list of texts", _strings)
PATHS = Kind("table of paths and accesses", lambda value: value)
ORIGINS = Kind(
    "list of origins",
    lambda value: tuple(dict.fromkeys(addresses.origin(item) for item in _strings(value))),
)
HOSTS = Kind(
    "list of host names",
    lambda value: tuple(addresses.host(item.removeprefix("@")) for item in _strings(value)),
    lambda text: [item.strip() for item in text.split(",") if item.strip()],
)
PROXIES = Kind(
    "list of addresses or networks",
    lambda value: tuple(addresses.proxy(item) for item in _strings(value)),
    lambda text: [item.strip() for item in text.split(",") if item.strip()],
)
