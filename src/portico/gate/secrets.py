"""The site's secrets, in files of `state/secrets`, mode 0600.

Made once at the first start, rotated with overlap.

`session.keys`   JSON list of keys, newest first: signs form tokens and keys hashes; older ones stay valid.
`identity.keys`  JSON list of {kid, pem}, newest first: Ed25519 private keys that sign "who is asking".
`data.keys`      JSON list of Fernet keys, newest first: seal what the database keeps readable (factors/vault.py).
`identity.jwks`  the public halves as a JWK set; what runners and apps get to see.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets as random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portico.site import Site

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEPT = 2  # how many keys stay valid: the present one and the one before
KEPT_FOR_DATA = 5


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """One Ed25519 key and the `kid` by which a token names it."""

    kid: str
    private: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the gate knows and nobody else does. Prints as ***."""

    session_keys: tuple[str, ...] = field(repr=False)
    identity_keys: tuple[IdentityKey, ...] = field(repr=False)
    data_keys: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        return "***"


def ensure(site: Site) -> Secrets:
    """Make the secrets that are missing, then read them all. OSError when the folder cannot be made."""
    folder = _folder(site)
    for place in (site.state, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(site):
        if not (folder / "session.keys").exists():
            _write(folder / "session.keys", json.dumps([random.token_urlsafe(48)]))
        if not (folder / "identity.keys").exists():
            _write(folder / "identity.keys", json.dumps([_new_identity()]))
        if not (folder / "data.keys").exists():
            _write(folder / "data.keys", json.dumps([_new_data_key()]))
        found = load(site)
        _publish(folder, found)
    return found


def load(site: Site) -> Secrets:
    """Read the secrets; FileNotFoundError before the first start."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    folder = _folder(site)
    keys = []
    for entry in json.loads((folder / "identity.keys").read_text()):
        private = load_pem_private_key(entry["pem"].encode(), None)
        assert isinstance(private, Ed25519PrivateKey)  # noqa: S101  our own file
        keys.append(IdentityKey(entry["kid"], private))
    signing, sealing = (json.loads((folder / name).read_text()) for name in ("session.keys", "data.keys"))
    return Secrets(tuple(signing), tuple(keys), tuple(sealing))


def rotate(site: Site) -> None:
    """Put new keys first; what the previous keys signed stays valid until the next rotation."""
    folder = _folder(site)
    with _alone(site):
        for name, new in (("session.keys", random.token_urlsafe(48)), ("identity.keys", _new_identity())):
            old: list[Any] = json.loads((folder / name).read_text())
            _write(folder / name, json.dumps([new, *old][:KEPT]))
        sealing = folder / "data.keys"  # none is dropped here: what it has sealed is still in the database
        known = json.loads(sealing.read_text()) if sealing.exists() else []
        _write(sealing, json.dumps([_new_data_key(), *known]))
        _publish(folder, load(site))


def drop_data_keys(site: Site) -> None:
    """Drop the keys that have nothing sealed any more, which is for the caller to know.

    A few stay: another copy of the site may not have read the newest one yet, and seal with one of these.
    """
    folder = _folder(site)
    with _alone(site):
        known: list[str] = json.loads((folder / "data.keys").read_text())
        if len(known) > KEPT_FOR_DATA:
            _write(folder / "data.keys", json.dumps(known[:KEPT_FOR_DATA]))


def public_keys(secrets: Secrets) -> dict[str, Any]:
    """The JWK set (RFC 8037) with which anyone can check an identity."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": "EdDSA",
                "kid": key.kid,
                "x": base64.urlsafe_b64encode(key.private.public_key().public_bytes_raw())
                .rstrip(b"=")
                .decode(),
            }
            for key in secrets.identity_keys
        ]
    }


@contextmanager
def _alone(site: Site) -> Iterator[None]:
    """Wait until no other process makes secrets here: copies of a site may start at once on one state folder."""
    handle = os.open(site.state / "secrets.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _folder(site: Site) -> Path:
    return site.state / "secrets"


def _new_identity() -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"kid": random.token_hex(8), "pem": pem}


def _new_data_key() -> str:
    return base64.urlsafe_b64encode(random.token_bytes(32)).decode()  # what Fernet takes


def _publish(folder: Path, secrets: Secrets) -> None:
    _write(folder / "identity.jwks", json.dumps(public_keys(secrets)))


def _write(file: Path, text: str) -> None:
    """Replace the file whole or not at all; mkstemp makes it with mode 0600."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
