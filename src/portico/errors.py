"""One tree of errors. A UserError is a line for a person; anything else is our bug, with its traceback."""

from __future__ import annotations

from collections.abc import Sequence


class PorticoError(Exception):
    """Base of every error that Portico raises on purpose."""


class UserError(PorticoError):
    """A mistake that a person can mend: says where, what is wrong, and what would be right.

    The command line prints it as one line (or one line a problem) and exits with 1.
    """


class SiteError(UserError):
    """Everything that is wrong with a site file or its variables: `problems` holds one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
