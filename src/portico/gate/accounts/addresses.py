"""Mail addresses as the gate keeps them.

Checked, normalised and in lower case, so that one person is one row.
"""

from __future__ import annotations

import email_validator

from portico.errors import UserError


def normalise(text: str) -> str:
    """The address in its one spelling; UserError when it is none.

    Asks no DNS: sign-in must not wait for a network.
    """
    try:
        checked = email_validator.validate_email(
            text.strip(), check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
    except email_validator.EmailNotValidError as error:
        raise UserError(f'"{text}" is not a mail address: {error}') from None
    return (checked.ascii_email or checked.normalized).lower()


def normalised(text: str) -> str:
    """The same for what somebody typed at a door: "" when it is no address, for it may be a password."""
    try:
        return normalise(text)
    except UserError:
        return ""
