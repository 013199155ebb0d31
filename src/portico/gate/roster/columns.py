"""The columns of a file of people, and how a cell is kept from being taken for a formula."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Literal

EMAIL, NAME, ROLES, STATE, UNTIL = "email", "name", "roles", "state", "until"
READ = (EMAIL, NAME, ROLES, STATE, UNTIL)
TOLD = ("verified", "created", "last_sign_in")  # an export has them, an import passes over them
STATES = {"active": True, "disabled": False}
BETWEEN_ROLES = ";"
NEVER: Literal["never"] = "never"  # an account without an end
End = datetime | Literal["never"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """The cell as it is written: a spreadsheet must not take it for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """The cell as it was before it was written."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def end_of(cell: str) -> End | None:
    """When an account ends, as a cell says it: a day (its end, in UTC), a moment, "never"; None for an empty cell.

    ValueError for anything else.
    """
    if not cell or cell.lower() == NEVER:
        return NEVER if cell else None
    found = datetime.fromisoformat(cell)
    if len(cell) == len("2030-12-31"):
        found = datetime.combine(found.date(), time(23, 59, 59))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def written_end(end: datetime | None) -> str:
    """The same as an export writes it."""
    if end is None:
        return NEVER
    return end.isoformat().replace("+00:00", "Z")
