"""Codes of an authenticator app (TOTP, RFC 6238): six digits, a new one each half minute."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECONDS = 30
DIGITS = 6
SKEW = 1  # a clock may be half a minute off, either way
_CODE = re.compile(rf"[0-9]{{{DIGITS}}}")


def new_secret() -> str:
    """160 random bits in base32, as authenticator apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(site_name: str, email: str, secret: str) -> str:
    """The otpauth:// address that a QR code carries to the app."""
    issuer = site_name.replace(":", " ")
    label = f"{quote(issuer, safe='')}:{quote(email, safe='@')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def picture(text: str) -> str:
    """The text as a QR code: an SVG element that scales with its place."""
    import segno

    code = segno.make(text, error="m", micro=False)
    return str(
        code.svg_inline(border=3, omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff")
    )


def grouped(secret: str) -> str:
    """The secret in groups of four, for people who type it."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def is_code(text: str) -> bool:
    """Whether the text looks like a code of an app."""
    return _CODE.fullmatch(_digits(text)) is not None


def step_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The half minute whose code this is, counted from 1970.

    None when it is none of those around now, or not later than `after`: then it was used, or one after it was.
    """
    typed = _digits(code).encode()
    if not is_code(code):
        return None
    generator = TOTP(base64.b32decode(secret), DIGITS, SHA1(), SECONDS)  # noqa: S303  what all apps know
    present = int(now.timestamp()) // SECONDS
    found = None
    for step in range(present - SKEW, present + SKEW + 1):
        if hmac.compare_digest(generator.generate(step * SECONDS), typed) and step > after:
            found = step
    return found


def _digits(text: str) -> str:
    return "".join(text.split())
