"""Passwords: how they are kept (Argon2id), and which ones are refused.

Length counts; there are no composition rules.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from portico.gate.accounts import context_words, leaked

MIN_LENGTH = 10
MAX_LENGTH = 128
TIME_COST, MEMORY_COST, PARALLELISM = (
    2,
    32 * 1024,
    1,
)  # above OWASP's minimum (2, 19 MiB, 1); about 40 ms of one core

_hasher = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_COST, parallelism=PARALLELISM)


def normalise(password: str) -> str:
    """One spelling for characters that can be typed in several ways (NFKD, as Flask-Security does)."""
    return unicodedata.normalize("NFKD", password)


def problem(password: str, email: str = "", name: str = "", words: Iterable[str] = ()) -> str | None:
    """What is wrong with this password, as a sentence; None when it will do. `words`: those of the site."""
    # No spelling is shorter than what was typed; and to find the one of a hundred thousand accents takes minutes.
    text = password if len(password) > MAX_LENGTH else normalise(password)
    if len(text) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters. A few words that do not belong together are good."
    if len(text) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    if len(set(text)) < 4:
        return "Use more than three different characters."
    return _easy(text, email, name, words)


def _easy(text: str, email: str, name: str, words: Iterable[str]) -> str | None:
    """Why somebody would guess it soon; None when nobody would."""
    folded = text.casefold()
    if folded in {email.casefold(), name.casefold(), email.partition("@")[0].casefold()}:
        return "Your address or name is the first thing that anyone would try."
    if leaked.is_known(text) or _is_run(text):
        return "This password, or one much like it, is on the lists that attackers try first. Use some words more."
    if context_words.live_of(text, words, email, name):
        return "That is little else than the site's name, or yours. Use some words more."
    return None


def _is_run(text: str) -> bool:
    """Whether each character is the next one, or the one before: 1234567890, zyxwvutsrq."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def verify(password_hash: str, password: str) -> bool:
    """Whether this is the password of an Argon2id hash that belongs to no account yet."""
    try:
        return _hasher.verify(password_hash, normalise(password))
    except VerificationError:
        return False


@cache
def of_nobody() -> str:
    """The hash of a password that nobody knows: what a guess is compared with where there is no account."""
    return hash_password(secrets.token_urlsafe(32))


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was computed at another cost than today's."""
    return _hasher.check_needs_rehash(password_hash)


def hash_password(password: str) -> str:
    """The Argon2id hash to keep."""
    return _hasher.hash(normalise(password))
