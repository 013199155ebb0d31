"""Mail addresses as the gate keeps them.

Checked, normalised and in lower case, so that one person is one row.
"""

from __future__ import annotations

import email_validator

from portico.errors import UserError

LONGEST = 254  # characters (RFC 5321), before it is looked at: what is longer only takes time


def normalise(text: str) -> str:
    """The address in its one spelling; UserError when it is none.

    Asks no DNS: sign-in must not wait for a network.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise UserError(f"a mail address has at most {LONGEST} characters")
    try:
        checked = email_validator.validate_email(
            text, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
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
