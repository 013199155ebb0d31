"""Passwords that have leaked often enough to be on everybody's list. Nothing is asked of the network.

`leaked-passwords.bin` holds the first five bytes of the SHA-256 of each, sorted; `src/leaked_passwords.py` makes it and
names its sources and their licences.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "leaked-passwords.bin"
SHORTEST_CORE = 4
PREFIX_LETTERS = 3  # of the hexadecimal digest: what a browser tells when it looks a password up
_WIDTH = 5
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LOOKALIKES = str.maketrans("0134578@$!", "oieastbasi")


def is_known(password: str) -> bool:
    """Whether the password, or what it is when digits and signs around it are taken away, is on the list."""
    return any(_listed(digest(variant)) for variant in _variants(password))


def digest(password: str) -> bytes:
    """What the list holds of a password; the same for capitals and small letters."""
    folded = unicodedata.normalize("NFKD", password).lower()
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).digest()[:_WIDTH]


def beginning_with(prefix: str) -> list[str]:
    """The rest of each digest, in hexadecimal, that begins with these digits. Of them a browser finds out by itself
    whether a password is on the list, and tells nobody which one it is."""
    shift = 4 * (2 * _WIDTH - PREFIX_LETTERS)
    low, high = int(prefix, 16) << shift, (int(prefix, 16) + 1) << shift
    entries = _Entries()
    first, after = (bisect_left(entries, edge) for edge in (low, high))
    return [f"{entries[index]:010x}"[PREFIX_LETTERS:] for index in range(first, after)]


def _variants(password: str) -> Iterator[str]:
    yield password
    core = _EDGES.sub("", password)
    for text in (core, _repeated(core), _repeated(password), core.lower().translate(_LOOKALIKES)):
        if len(text) >= SHORTEST_CORE:
            yield text


def _repeated(text: str) -> str:
    """The part of which the text is nothing but a repetition, else ""."""
    place = (text + text).find(text, 1)
    return text[:place] if 0 < place < len(text) else ""


class _Entries:
    """The list as a sequence of numbers, read where it lies."""

    def __len__(self) -> int:
        return len(_content()) // _WIDTH

    def __getitem__(self, index: int) -> int:
        return int.from_bytes(_content()[index * _WIDTH : (index + 1) * _WIDTH], "big")


def _listed(entry: bytes) -> bool:
    number, entries = int.from_bytes(entry, "big"), _Entries()
    place = bisect_left(entries, number)
    return place < len(entries) and entries[place] == number


@cache
def _content() -> bytes:
    return FILE.read_bytes()
