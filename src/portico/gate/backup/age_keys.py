"""The text of age's keys, "age1..." and "AGE-SECRET-KEY-1...": 32 bytes in Bech32 (BIP 173)."""

from __future__ import annotations

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_KEY_LENGTH = 32
_CHECK_LETTERS = 6


def public_key(text: str) -> bytes:
    """The bytes of an "age1..." key. ValueError: it is none, or a letter of it is wrong."""
    return _bytes(text, "age")


def private_keys(text: str) -> list[bytes]:
    """The bytes of each key in an identity file, as `age-keygen` writes it. ValueError: a line is no key."""
    lines = [line.strip() for line in text.splitlines()]
    return [_bytes(line, "age-secret-key-") for line in lines if line and not line.startswith("#")]


def _bytes(text: str, prefix: str) -> bytes:
    lower = text.lower()
    start, one, rest = lower.rpartition("1")
    if text not in (lower, text.upper()) or not one or start != prefix or set(rest) - set(_LETTERS):
        raise ValueError("not a key of age")
    values = [_LETTERS.index(letter) for letter in rest]
    if _checksum([*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix), *values]) != 1:
        raise ValueError("a letter of this key is wrong")
    number = 0
    for value in values[:-_CHECK_LETTERS]:
        number = number << 5 | value
    spare = 5 * (len(values) - _CHECK_LETTERS) - 8 * _KEY_LENGTH
    if not 0 <= spare < 5 or number & ((1 << spare) - 1):
        raise ValueError("this key has another length")
    return (number >> spare).to_bytes(_KEY_LENGTH, "big")


def _checksum(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, factor in enumerate(_GENERATOR):
            check ^= factor if top >> bit & 1 else 0
    return check
