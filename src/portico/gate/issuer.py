"""Issues the identity: the signed statement "who is asking" that an app's runner verifies."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import jwt

from portico.gate.secrets import IdentityKey

LIFETIME = 60  # seconds; the front keeps an answer for check_cache seconds, far less
REUSE = 15  # seconds for which the same statement is handed out again instead of signed anew
KEPT = 4096


@dataclass(frozen=True, slots=True)
class Identity:
    """What an app learns about a person."""

    uid: str
    email: str
    email_verified: bool
    name: str
    roles: tuple[str, ...]


class Issuer:
    """Signs identities for apps with the newest key."""

    def __init__(self, site_url: str, key: IdentityKey) -> None:
        self._site_url = site_url
        self._key = key
        self._issued: OrderedDict[tuple[Identity, str], tuple[float, str]] = OrderedDict()
        self._lock = Lock()

    def token(self, identity: Identity, app: str) -> str:
        """A JWT (EdDSA) for this app, good for at least 45 seconds."""
        now = time.time()
        key = (identity, app)
        found = self._issued.get(key)
        if found is not None and 0 <= now - found[0] < REUSE:
            return found[1]
        token = self._sign(identity, app, int(now))
        with self._lock:
            self._issued[key] = (now, token)
            while len(self._issued) > KEPT:
                self._issued.popitem(last=False)
        return token

    def _sign(self, identity: Identity, app: str, now: int) -> str:
        claims = {
            "iss": self._site_url,
            "aud": app,
            "sub": identity.uid,
            "email": identity.email,
            "email_verified": identity.email_verified,
            "name": identity.name,
            "roles": list(identity.roles),
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(claims, self._key.private, algorithm="EdDSA", headers={"kid": self._key.kid})
