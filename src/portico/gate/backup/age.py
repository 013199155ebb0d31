"""The age file format, version 1 (https://age-encryption.org/v1), by the primitives of `cryptography`.

Written out here because the binding that exists (pyrage) chooses the work of a passphrase by timing the machine, and
on a busy one then refuses files that it made itself: no way to treat a restore. The tests hold this file to it.

A file is a header, which wraps a random file key once for each recipient, and the content in sealed chunks of 64 KiB.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MARK = b"age-encryption.org/v1"
WORK = 17  # log2 of scrypt's N: 128 MiB and about half a second
MOST_WORK = 20  # 1 GiB; a file that asks for more would only be an attack
CHUNK = 64 * 1024
_TAG = 16
_HEADER_LINES = 1000
_NO_NONCE = bytes(12)  # each wrapping key is used once


class SealError(Exception):
    """The key does not open the file, or the file is not as it was made."""


def encrypt(plain: BinaryIO, sealed: BinaryIO, passphrase: str | None, recipients: Sequence[bytes]) -> None:
    """Write the sealed content: for a passphrase, or for X25519 public keys of 32 bytes each."""
    file_key = os.urandom(16)
    if passphrase is not None:
        stanzas = [_wrap_for_passphrase(file_key, passphrase)]
    else:
        stanzas = [_wrap_for_key(file_key, recipient) for recipient in recipients]
    header = MARK + b"\n" + b"".join(stanzas) + b"---"
    sealed.write(header + b" " + _encoded(_mac(file_key, header)) + b"\n")
    nonce = os.urandom(16)
    sealed.write(nonce)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    number, chunk = 0, plain.read(CHUNK)
    while True:
        following = plain.read(CHUNK)
        sealed.write(cipher.encrypt(_chunk_nonce(number, last=not following), chunk, None))
        if not following:
            return
        number, chunk = number + 1, following


def decrypt(sealed: BinaryIO, plain: BinaryIO, passphrase: str | None, identities: Sequence[bytes]) -> None:
    """Write the content as it was. SealError: no key opens it, or it was changed or cut."""
    stanzas, header, mac = _read_header(sealed)
    file_key = _unwrapped(stanzas, passphrase, identities)
    try:
        _hmac(file_key, header).verify(mac)
        nonce = sealed.read(16)
        cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
        number, chunk = 0, sealed.read(CHUNK + _TAG)
        while True:
            following = sealed.read(CHUNK + _TAG)
            plain.write(cipher.decrypt(_chunk_nonce(number, last=not following), chunk, None))
            if not following:
                return
            number, chunk = number + 1, following
    except (InvalidTag, InvalidSignature) as error:
        raise SealError("its content was changed or cut") from error


def kinds(sealed: BinaryIO) -> set[str]:
    """For what kinds of key a file was sealed: "scrypt" (a passphrase), "X25519", and others we cannot open."""
    return {arguments[0] for arguments, _body in _read_header(sealed)[0]}


def _wrap_for_passphrase(file_key: bytes, passphrase: str) -> bytes:
    salt = os.urandom(16)
    body = ChaCha20Poly1305(_of_passphrase(passphrase, salt, WORK)).encrypt(_NO_NONCE, file_key, None)
    return b"-> scrypt %s %d\n%s\n" % (_encoded(salt), WORK, _encoded(body))


def _wrap_for_key(file_key: bytes, recipient: bytes) -> bytes:
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    key = _of_exchange(once, recipient, share + recipient)
    body = ChaCha20Poly1305(key).encrypt(_NO_NONCE, file_key, None)
    return b"-> X25519 %s\n%s\n" % (_encoded(share), _encoded(body))


def _unwrapped(stanzas: _Stanzas, passphrase: str | None, identities: Sequence[bytes]) -> bytes:
    for arguments, body in stanzas:
        try:
            keys = _wrapping_keys(arguments, passphrase if len(stanzas) == 1 else None, identities)
        except (ValueError, IndexError) as error:
            raise SealError("its header cannot be read") from error
        for key in keys:
            try:
                return ChaCha20Poly1305(key).decrypt(_NO_NONCE, body, None)
            except InvalidTag:
                continue
    raise SealError("this passphrase or key does not open it")


def _wrapping_keys(arguments: list[str], passphrase: str | None, identities: Sequence[bytes]) -> list[bytes]:
    """With what a stanza may have been wrapped; ValueError or IndexError when it is none."""
    if arguments[0] == "scrypt" and passphrase is not None:
        work = int(arguments[2])
        if work > MOST_WORK:
            raise SealError(f"it asks for 2^{work} rounds of scrypt")
        return [_of_passphrase(passphrase, _decoded(arguments[1]), max(0, work))]
    if arguments[0] == "X25519":
        share = _decoded(arguments[1])
        return [_of_identity(identity, share) for identity in identities]
    return []


def _of_passphrase(passphrase: str, salt: bytes, work: int) -> bytes:
    return Scrypt(salt=MARK + b"/scrypt" + salt, length=32, n=2**work, r=8, p=1).derive(passphrase.encode())


def _of_identity(identity: bytes, share: bytes) -> bytes:
    private = X25519PrivateKey.from_private_bytes(identity)
    return _of_exchange(private, share, share + private.public_key().public_bytes_raw())


def _of_exchange(private: X25519PrivateKey, public: bytes, salt: bytes) -> bytes:
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    return _derived(shared, salt, MARK + b"/X25519")


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=salt, info=purpose).derive(key)


def _hmac(file_key: bytes, header: bytes) -> HMAC:
    made = HMAC(_derived(file_key, b"", b"header"), SHA256())
    made.update(header)
    return made


def _mac(file_key: bytes, header: bytes) -> bytes:
    return _hmac(file_key, header).finalize()


def _chunk_nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


_Stanzas = list[tuple[list[str], bytes]]


def _read_header(sealed: BinaryIO) -> tuple[_Stanzas, bytes, bytes]:
    """The stanzas, the header's bytes up to and with "---", and its MAC."""
    try:
        lines = [_line(sealed)]
        if lines[0] != MARK:
            raise ValueError("no age file")
        stanzas: _Stanzas = []
        while not (line := _line(sealed)).startswith(b"---"):
            lines.append(line)
            if line.startswith(b"-> "):
                body = _body(sealed)
                lines += body
                stanzas.append(
                    (line[3:].decode("ascii").split(" "), _decoded(b"".join(body).decode("ascii")))
                )
            if len(lines) > _HEADER_LINES:
                raise ValueError("too long")
        return stanzas, b"\n".join([*lines, b"---"]), _decoded(line[4:].decode("ascii"))
    except (ValueError, binascii.Error) as error:
        raise SealError("its header cannot be read") from error


def _line(sealed: BinaryIO) -> bytes:
    line = sealed.readline(4096)
    if not line.endswith(b"\n"):
        raise ValueError("it ends too early")
    return line[:-1]


def _body(sealed: BinaryIO) -> list[bytes]:
    """The lines of a stanza's body: full ones have 64 characters, the last has fewer."""
    lines = [_line(sealed)]
    while len(lines[-1]) == 64 and len(lines) < _HEADER_LINES:
        lines.append(_line(sealed))
    return lines


def _encoded(content: bytes) -> bytes:
    return base64.b64encode(content).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
