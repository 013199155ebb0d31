"""From a portico.toml to its tables; a slip in the syntax is one line with file, line and column."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from portico.errors import SiteError, UserError
from portico.site.places import is_file
from portico.site.problems import Problems, dotted, shown, suggestion
from portico.site.schema import TABLES

FILE_NAME = "portico.toml"
_TWICE = re.compile(r"cannot declare \((.*)\) twice")
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def find_site(start: Path) -> Path | None:
    """The portico.toml in `start` or the nearest folder above it; None when there is none."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100 - resolve() would follow a link out of the site
    for candidate in (folder, *folder.parents):
        file = candidate / FILE_NAME
        if is_file(file):
            return file
    return None


def read_document(file: Path) -> dict[str, Any]:
    """The tables of a site file.

    Raises UserError when it cannot be read, SiteError with file:line:column for a slip in its syntax.
    """
    name = display(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")  # Windows editors put a mark in front
    except FileNotFoundError:
        raise UserError(f'{name}: no such file; "portico init" writes one for the apps in a folder') from None
    except UnicodeDecodeError as error:
        raise UserError(f"{name}: not UTF-8 text (byte {error.start + 1})") from None
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}") from None
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise SiteError([_syntax(name, text.replace("\r\n", "\n"), str(error))]) from None


def check_tables(document: dict[str, Any], problems: Problems) -> None:
    """Note every top-level name that is not a table of a site file."""
    for name, value in document.items():
        if name not in TABLES:
            what = "table" if isinstance(value, dict) else "key"
            home = "; did it mean to stand under [site]?" if what == "key" else ""
            tables = f"; there are {', '.join(f'[{table}]' for table in TABLES)}"
            problems.add(dotted(name), f"unknown {what}{suggestion(name, TABLES) or home or tables}")


def display(path: Path) -> str:
    """The path as a person would write it here: relative to the working directory when it is below it."""
    try:
        return str(path.relative_to(Path.cwd()) if path.is_absolute() else path)
    except (ValueError, OSError):  # elsewhere, or the working directory is gone
        return str(path)


def _syntax(name: str, text: str, message: str) -> str:
    """One line for a TOML error: where, what, and what would be right for the usual slips."""
    position = _POSITION.search(message)
    what = message[: position.start()] if position else message
    lines = text.split("\n")
    if position and position[1]:
        line, column = int(position[1]), int(position[2])
    else:
        line, column = len(lines), len(lines[-1]) + 1
    what = what[:1].lower() + what[1:]
    if twice := _TWICE.fullmatch(what):
        names = re.findall(r"'([^']*)'", twice[1])
        return f"{name}:{line}:{column}: [{'.'.join(names)}] is there twice; write it once"
    return f"{name}:{line}:{column}: {what}{_repair(what, lines[line - 1] if line <= len(lines) else '')}"


def _repair(what: str, line: str) -> str:
    """What would be right, for the slips that beginners in TOML make."""
    key, equals, value = (part.strip() for part in line.partition("="))
    if what.startswith("invalid value") and equals:
        if value in ("True", "False"):
            return f"; write {key} = {value.lower()}"
        return (
            f"; text stands in quotes: {key} = {shown(value)}"
            if value
            else f"; write something after {key} ="
        )
    if what.startswith("expected '='") and ":" in line and not equals:
        key, _, value = (part.strip() for part in line.partition(":"))
        return f"; write {key} = {value}"
    if what.startswith("expected ']'") and re.match(r"\s*\[[^\]]*\s[^\]]*\]", line):
        return '; a name has no blanks: write "-" or "_" in their place'
    if what.startswith("cannot overwrite a value"):
        return f'; "{key}" is there twice' if equals else ""
    return ""
