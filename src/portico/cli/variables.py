"""Settings of a command that come from variables, or from files that variables name, as secrets are mounted."""

from __future__ import annotations

import os
from pathlib import Path

from portico.errors import UserError


def variable(name: str) -> str | None:
    """The value of the variable, or of the file that its twin `<name>_FILE` names; None when neither is set.

    UserError: both are set, or the file cannot be read.
    """
    value, file = os.environ.get(name, "").strip(), os.environ.get(f"{name}_FILE", "").strip()
    if value and file:
        raise UserError(f"{name}: {name}_FILE is set too; keep one of them")
    if file:
        value = content(Path(file))
    return value or None


def content(file: Path) -> str:
    """The text of a file, without the line break that editors leave at its end. UserError: it cannot be read."""
    try:
        return file.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise UserError(f"{file}: not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from None
