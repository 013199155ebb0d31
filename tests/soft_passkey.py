"""A passkey in software: answers creation and request options as a browser with an authenticator would, or lies."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN, RP_ID = "http://localhost:8000", "localhost"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    """Base64url as WebAuthn writes it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def options_in(page: str, path: str = "") -> dict[str, Any]:
    """The options of the page's passkey form (of the one that goes to `path`)."""
    form = (
        rf'<form[^>]*action="{re.escape(path)}[^>]*data-options="([^"]*)"'
        if path
        else r'data-options="([^"]*)"'
    )
    found = re.search(form, page)
    assert found, page
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


@dataclass
class SoftPasskey:
    """One credential. `count` is what it says next; None: it keeps none, as phones do."""

    count: int | None = 0
    verifies: bool = True
    identity: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    handle: bytes = b""

    def create(self, options: dict[str, Any], origin: str = ORIGIN, rp_id: str = RP_ID) -> str:
        """Answer navigator.credentials.create()."""
        self.handle = base64.urlsafe_b64decode(options["user"]["id"] + "==")
        numbers = self.private.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = b"\0" * 16 + struct.pack(">H", len(self.identity)) + self.identity + cbor2.dumps(key)
        data = self._data(rp_id, ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {
                "clientDataJSON": text(self._client("webauthn.create", options, origin)),
                "attestationObject": text(attestation),
                "transports": ["internal", "made-up"],
            }
        )

    def get(
        self, options: dict[str, Any], origin: str = ORIGIN, rp_id: str = RP_ID, handle: bytes | None = None
    ) -> str:
        """Answer navigator.credentials.get()."""
        if self.count is not None:
            self.count += 1
        client, data = self._client("webauthn.get", options, origin), self._data(rp_id)
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signature),
                "userHandle": text(self.handle if handle is None else handle),
            }
        )

    def _client(self, kind: str, options: dict[str, Any], origin: str) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count or 0)

    def _answer(self, response: dict[str, Any]) -> str:
        shown = text(self.identity)
        return json.dumps({"id": shown, "rawId": shown, "type": "public-key", "response": response})
