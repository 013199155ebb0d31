"""The columns of a file of people, and how a cell is kept from being taken for a formula."""

from __future__ import annotations

EMAIL, NAME, ROLES, STATE = "email", "name", "roles", "state"
READ = (EMAIL, NAME, ROLES, STATE)
TOLD = ("verified", "created", "last_sign_in")  # an export has them, an import passes over them
STATES = {"active": True, "disabled": False}
BETWEEN_ROLES = ";"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """The cell as it is written: a spreadsheet must not take it for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """The cell as it was before it was written."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text
