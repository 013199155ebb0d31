"""Who is asking: `current_user` for apps, and the check of the signed identity that the gate issues.

The runner verifies the `X-Portico-Identity` token of each request and keeps the result in a context
variable for as long as the request is handled; `current_user` reads it there. It therefore works in Flask
views, in Dash callbacks on every backend and in ASGI endpoints alike, and is nobody outside of a request or
outside of Portico.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jwt import PyJWK

HEADER = "X-Portico-Identity"


@dataclass(frozen=True, slots=True)
class Identity:
    """One verified statement of the gate. `id` is opaque and outlasts a change of the mail address."""

    id: str = ""
    email: str = ""
    name: str = ""
    roles: frozenset[str] = frozenset()
    email_verified: bool = False

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self.id)

    def has_role(self, role: str) -> bool:
        """Whether the person holds that role."""
        return role in self.roles


ANONYMOUS = Identity()

_request: ContextVar[Identity | None] = ContextVar("portico_identity", default=None)

# What the adapters call once a request: binding the methods here saves a lookup in the hot path.
enter = _request.set
leave = _request.reset


@contextmanager
def asking(identity: Identity) -> Iterator[Identity]:
    """Make `identity` the current user within the block."""
    token = enter(identity)
    try:
        yield identity
    finally:
        leave(token)


def current_identity() -> Identity:
    """The identity of the request being handled, or of the background callback being run; else anonymous."""
    identity = _request.get()
    if identity is None:
        return _background_identity()
    return identity


def _background_identity() -> Identity:
    """The identity under which a Dash background callback was started, if this process is running one.

    Dash hands such a callback the headers of the request that started it. The signature is verified again;
    the time of expiry is not, for the token was in time when the job was accepted.
    """
    callbacks = sys.modules.get("dash._callback_context")
    if callbacks is None or not os.environ.get("PORTICO_APP"):
        return ANONYMOUS
    headers = getattr(callbacks.context_value.get({}), "headers", None) or {}
    token = next((value for key, value in headers.items() if key.lower() == HEADER.lower()), None)
    if not token:
        return ANONYMOUS
    return verifier().verify(token, in_time=False)


class CurrentUser:
    """The person asking, looked up anew at each use: so it can be imported once, at the top of a module."""

    __slots__ = ()

    @property
    def id(self) -> str:
        """The opaque, lasting id of the account; "" for nobody."""
        return current_identity().id

    @property
    def email(self) -> str:
        """The mail address; "" for nobody."""
        return current_identity().email

    @property
    def email_verified(self) -> bool:
        """Whether somebody vouched for the address; False for people who signed up by themselves."""
        return current_identity().email_verified

    @property
    def name(self) -> str:
        """The name to show; "" for nobody."""
        return current_identity().name

    @property
    def roles(self) -> frozenset[str]:
        """The roles the person holds on this site."""
        return current_identity().roles

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is signed in."""
        return current_identity().is_authenticated

    def has_role(self, role: str) -> bool:
        """Whether the person holds that role."""
        return current_identity().has_role(role)

    def __bool__(self) -> bool:
        return self.is_authenticated

    def __repr__(self) -> str:
        return f"<current_user {self.email or 'anonymous'}>"


current_user = CurrentUser()


class Verifier:
    """Checks identity tokens for one app: Ed25519 signature, issuer, audience and time.

    `keys` is the file with the gate's public keys (a JWK set); it need not exist yet. A token with an
    unknown key makes the file be read again, at most every REREAD seconds: so keys can be rotated under a
    running app.
    """

    REREAD = 1.0  # seconds
    LEEWAY = 5.0  # seconds that the clocks of two processes may differ
    CACHED = 1024  # tokens

    def __init__(self, keys: Path, *, audience: str, issuer: str) -> None:
        self._file = keys
        self._audience = audience
        self._issuer = issuer
        self._keys: dict[str, PyJWK] = {}
        self._read_at = float("-inf")
        self._reading = threading.Lock()
        self._known: dict[str, tuple[Identity, float]] = {}

    def verify(self, token: str, *, in_time: bool = True) -> Identity:
        """The identity that the token states; ANONYMOUS when anything about it is wrong."""
        known = self._known.get(token)
        if known is None:
            known = self._decode(token)
            if known is None:
                return ANONYMOUS
            if (
                len(self._known) >= self.CACHED
            ):  # tokens live for a minute: start over rather than keep an order
                self._known.clear()
            self._known[token] = known
        identity, expires = known
        if in_time and time.time() > expires + self.LEEWAY:
            return ANONYMOUS
        return identity

    def _decode(self, token: str) -> tuple[Identity, float] | None:
        import jwt  # takes 50 ms: an app without signed-in visitors never pays for it

        try:
            key = self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self.LEEWAY,
                options={"require": ["exp", "iat", "sub", "aud", "iss"], "verify_exp": False},
            )
            identity = Identity(
                id=str(claims["sub"]),
                email=str(claims.get("email", "")),
                name=str(claims.get("name", "")),
                roles=frozenset(map(str, claims.get("roles", ()))),
                email_verified=claims.get("email_verified") is True,
            )
            return identity, float(claims["exp"])
        except (jwt.PyJWTError, TypeError, ValueError):
            return None

    def _key(self, kid: str) -> PyJWK | None:
        if kid not in self._keys:
            with self._reading:  # another thread may be reading what we need
                if kid not in self._keys and time.monotonic() - self._read_at >= self.REREAD:
                    self._read_keys()
                    self._read_at = time.monotonic()
        return self._keys.get(kid)

    def _read_keys(self) -> None:
        import jwt

        try:
            entries = json.loads(self._file.read_bytes())["keys"]
            self._keys = {str(entry["kid"]): jwt.PyJWK(entry, algorithm="EdDSA") for entry in entries}
            self._known.clear()  # a key may be gone, and what it signed with it
        except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError):
            return  # half written or not there yet: the keys known so far stay good


@lru_cache(maxsize=1)
def verifier() -> Verifier:
    """The verifier of the app that this process serves, as its environment describes it."""
    return Verifier(
        Path(os.environ.get("PORTICO_IDENTITY_KEYS", "")),
        audience=os.environ.get("PORTICO_APP", ""),
        issuer=os.environ.get("PORTICO_SITE_URL", ""),
    )
