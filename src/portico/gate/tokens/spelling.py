"""What an API token looks like: `ptk_`, 43 random letters and digits, 6 that prove that none was mistyped.

Secret scanners know one by the expression `ptk_[0-9A-Za-z]{49}`, and by its last six it can be told from a chance hit
without asking anybody.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib

PREFIX = "ptk_"
RANDOM = 43  # of 62 letters and digits: 256 bits
PROOF = 6
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM + PROOF}}}", re.ASCII)
_BEARER = re.compile(r"bearer +", re.ASCII | re.IGNORECASE)


def new_text() -> str:
    """A token that nobody has."""
    body = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return body + _proof(body)


def well_formed(text: str) -> bool:
    """Whether this can be one of our tokens: it has the form, and its last letters follow from the others."""
    return _FORM.fullmatch(text) is not None and _proof(text[:-PROOF]) == text[-PROOF:]


def of_header(header: str) -> str | None:
    """The token in an Authorization header; None when it holds something else."""
    scheme = _BEARER.match(header)
    text = header[scheme.end() :].strip() if scheme else ""
    return text if well_formed(text) else None


def hint_of(text: str) -> str:
    """Enough of a token for its owner to know it again, and too little to use it."""
    return f"{text[: len(PREFIX) + 4]}…{text[-4:]}"


def _proof(body: str) -> str:
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(PROOF):
        number, rest = divmod(number, len(ALPHABET))
        letters = ALPHABET[rest] + letters
    return letters
