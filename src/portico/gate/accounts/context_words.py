"""Words that somebody who knows the site or the person would try: a password may have them, and must not live of them.

The site's name, its host, its roles, and Portico itself; the person's address and name. Documented in
docs/how-to/invite-people.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from portico.site import Site
from portico.site.addresses import host_of

SHORTEST = 4  # letters of a word that counts
LEFT = 6  # letters that a password must have besides
ALWAYS = ("portico", "password")
_WORD = re.compile(r"[^\W\d_]+")


def of_site(site: Site) -> frozenset[str]:
    """The words of a site."""
    return frozenset(_words([site.name, host_of(site.url), *site.roles, *ALWAYS]))


def live_of(text: str, words: Iterable[str], *about: str) -> bool:
    """Whether a password is little else than such words, whatever digits and signs stand between them."""
    left = text.casefold()
    known = {*words, *_words(about)}
    for word in sorted(known, key=len, reverse=True):
        left = left.replace(word, " ")
    return left != text.casefold() and sum(letter.isalpha() for letter in left) < LEFT


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for word in _WORD.findall(text.casefold()):
            if len(word) >= SHORTEST:
                yield word
