"""Reading a file of people: everything that is wrong with it at once, each with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from portico.errors import UserError
from portico.gate.accounts import addresses
from portico.gate.roster.columns import (
    BETWEEN_ROLES,
    EMAIL,
    NAME,
    NEVER,
    READ,
    ROLES,
    STATE,
    STATES,
    TOLD,
    UNTIL,
    End,
    end_of,
    unguarded,
)

MOST = 100_000  # people in one file
SHOWN = 100  # problems in a message
MOST_COLUMNS = 50  # more are not looked at one by one
LONGEST_NAME = 200


class RosterError(UserError):
    """The file cannot be taken as it is; `problems` has a line for each thing to mend."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - SHOWN
        super().__init__("\n".join([*problems[:SHOWN], *([f"and {more} more"] if more > 0 else [])]))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one line says of a person. None: the file has no such column, or the cell leaves it as it is."""

    line: int
    email: str
    name: str | None = None
    roles: frozenset[str] | None = None
    active: bool | None = None
    until: End | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """A file's people, each once."""

    entries: tuple[Entry, ...]


def read(data: bytes) -> Roster:
    """The people of a CSV file in UTF-8, its columns named in the first line. RosterError with all that is wrong."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RosterError([f"line {line}: not UTF-8; save the file as “CSV UTF-8”"]) from None
    if "\0" in text:
        raise RosterError([f"line {text[: text.index(chr(0))].count(chr(10)) + 1}: this is no text file"])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    problems: list[str] = []
    entries: list[Entry] = []
    try:
        columns = _columns(next(reader, []))
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            entry, wrong = _entry(line, columns, cells)
            problems += [f"line {line}: {one}" for one in wrong]
            if entry is not None:
                entries.append(entry)
            if line > MOST + 1:
                raise RosterError([f"more than {MOST:,} lines; split the file"])
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}")
    problems += _repeated(entries)
    if problems:
        raise RosterError(sorted(problems, key=_line_of))
    return Roster(tuple(entries))


def _delimiter(text: str) -> str:
    """What stands between the names of the columns: spreadsheets write ";" where "," is the decimal sign."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(names: Sequence[str]) -> list[str]:
    if len(names) > MOST_COLUMNS:
        raise RosterError([f"line 1: {len(names)} columns; there are {', '.join((*READ, *TOLD))}"])
    found = [name.strip().lower() for name in names]
    problems = []
    for name in found:
        if name not in (*READ, *TOLD):
            close = get_close_matches(name, READ, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else f"; there are {', '.join(READ)}"
            problems.append(f'line 1: no such column: "{name}"{hint}')
        elif found.count(name) > 1:
            problems.append(f'line 1: the column "{name}" is there twice')
    if EMAIL not in found:
        problems.append('line 1: the column "email" is missing; the first line names the columns')
    if problems:
        raise RosterError(list(dict.fromkeys(problems)))
    return found


def _entry(line: int, columns: Sequence[str], cells: Sequence[str]) -> tuple[Entry | None, list[str]]:
    if len(cells) > len(columns):
        return None, [f"{len(cells)} cells, but {len(columns)} columns"]
    row = {name: unguarded(cell.strip()) for name, cell in zip(columns, cells, strict=False)}
    wrong = []
    email = ""
    try:
        email = addresses.normalise(row.get(EMAIL, "")) if row.get(EMAIL) else ""
        if not email:
            wrong.append(f"{EMAIL}: the address is missing")
    except UserError as error:
        wrong.append(f"{EMAIL}: {error}")
    name = row.get(NAME) or None
    if name is not None and len(name) > LONGEST_NAME:
        wrong.append(f"{NAME}: a name has at most {LONGEST_NAME} letters, this one has {len(name)}")
    state = row.get(STATE, "").lower()
    if state and state not in STATES:
        wrong.append(f'{STATE}: no such state: "{state}"; write {" or ".join(STATES)}')
    until = None
    try:
        until = end_of(row.get(UNTIL, ""))
    except (ValueError, OverflowError):
        wrong.append(f'{UNTIL}: "{row[UNTIL]}" is no day; write it like 2030-12-31, or {NEVER}')
    roles = None
    if ROLES in row:
        roles = frozenset(role for part in row[ROLES].split(BETWEEN_ROLES) if (role := part.strip()))
    entry = Entry(line, email, name, roles, STATES.get(state), until) if email else None
    return entry, wrong


def _repeated(entries: Sequence[Entry]) -> list[str]:
    first: dict[str, int] = {}
    problems = []
    for entry in entries:
        line = first.setdefault(entry.email, entry.line)
        if line != entry.line:
            problems.append(f"line {entry.line}: {EMAIL}: {entry.email} is in line {line} already")
    return problems


def _line_of(problem: str) -> int:
    number = problem.removeprefix("line ").partition(":")[0]
    return int(number) if number.isdecimal() else 0
