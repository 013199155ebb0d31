"""A provider's public keys: kept for an hour, fetched again when a token names one that is not known yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from portico.gate.sso.calls import SilentError
from portico.gate.sso.web import BadAnswerError

KEPT = 3600.0  # seconds; a key that the provider has withdrawn is out after this long
BETWEEN = (
    10.0  # seconds between two fetches for unknown names: forged tokens must not make the gate ask on and on
)
MOST = 100
TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}  # by the first letter of the algorithm; EdDSA, Ed25519: OKP


class Keys:
    """The key set of one provider, as `fetch` gets it."""

    def __init__(self, fetch: Callable[[], dict[str, Any]]) -> None:
        self._fetch = fetch
        self._lock = Lock()
        self._known: list[dict[str, Any]] = []
        self._fetched_at: float | None = None
        self._asked_at: float | None = None

    def find(self, kid: object, algorithm: str) -> Key:
        """The key with this name; without a name, the only one that fits the algorithm. SilentError, BadAnswerError."""
        found = _fitting(self._present(), kid, algorithm)
        if not found:
            found = _fitting(self._asked_again(), kid, algorithm)
        if len(found) != 1:
            raise BadAnswerError(f"the provider has {len(found)} keys for kid {kid!r} and {algorithm}")
        try:
            return JWKRegistry.import_key(found[0])
        except (JoseError, ValueError) as error:
            raise BadAnswerError(f"the provider's key {kid!r} cannot be read: {error}") from error

    def _present(self) -> list[dict[str, Any]]:
        if self._fetched_at is None or time.monotonic() - self._fetched_at > KEPT:
            with self._lock:
                if self._fetched_at is None or time.monotonic() - self._fetched_at > KEPT:
                    if self._was_asked():
                        raise SilentError("the provider's keys were not to be had a moment ago")
                    self._renew()
        return self._known

    def _asked_again(self) -> list[dict[str, Any]]:
        """The keys as they are by now, unless they were asked for a moment ago: also when that came to nothing."""
        with self._lock:
            if not self._was_asked():
                self._renew()
        return self._known

    def _was_asked(self) -> bool:
        return self._asked_at is not None and time.monotonic() - self._asked_at <= BETWEEN

    def _renew(self) -> None:
        self._asked_at = time.monotonic()
        entries = self._fetch().get("keys")
        if not isinstance(entries, list):
            raise BadAnswerError("the provider's key set has no keys in it")
        self._known = [one for one in entries[:MOST] if isinstance(one, dict)]
        self._fetched_at = time.monotonic()


def _fitting(entries: list[dict[str, Any]], kid: object, algorithm: str) -> list[dict[str, Any]]:
    """The entries that may have signed such a token. A key for encryption, or a shared one, never did."""
    wanted = TYPES.get(algorithm[0], "OKP") if algorithm not in ("EdDSA", "Ed25519") else "OKP"
    return [
        {name: value for name, value in one.items() if name not in ("x5c", "x5t", "x5u", "x5t#S256")}
        for one in entries
        if one.get("kty") == wanted
        and one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and "verify" in one.get("key_ops", ["verify"])
        and (kid is None or one.get("kid") == kid)
    ]
