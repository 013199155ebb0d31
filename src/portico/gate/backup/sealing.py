"""Encryption of a backup: with a passphrase, or to public keys, in the format of age.

age is published and has several programs: `age --decrypt` opens such a backup without Portico.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from portico.errors import UserError
from portico.gate.backup import age, age_keys


@dataclass(frozen=True, slots=True)
class Seal:
    """How to encrypt: with a passphrase, to public keys ("age1..."), or, with neither, not at all."""

    passphrase: str | None = field(default=None, repr=False)
    recipients: Sequence[str] = ()

    @property
    def suffix(self) -> str:
        """What is added to a backup's name."""
        return ".age" if self.passphrase or self.recipients else ""


@dataclass(frozen=True, slots=True)
class Key:
    """How to decrypt: with a passphrase, or with the text of an identity file of age."""

    passphrase: str | None = field(default=None, repr=False)
    identity: str | None = field(default=None, repr=False)


def seal(plain: Path, seal: Seal) -> None:
    """Encrypt the file in place, as the seal says. UserError: a public key is not one."""
    if not seal.suffix:
        return
    keys = [_public(text) for text in seal.recipients]
    sealed = plain.with_name(f"{plain.name}.sealed")
    with plain.open("rb") as source, _private_file(sealed) as target:
        age.encrypt(source, target, seal.passphrase, keys)
        target.flush()
        os.fsync(target.fileno())
    sealed.replace(plain)


def needs_passphrase(source: Path) -> bool:
    """Whether this file was encrypted with a passphrase."""
    with source.open("rb") as stream:
        try:
            return "scrypt" in age.kinds(stream)
        except age.SealError:
            return False


def unseal(source: Path, plain: Path, key: Key) -> None:
    """Decrypt `source` into the new file `plain`; a file that is not encrypted is copied.

    UserError: the key is missing or not the right one.
    """
    with source.open("rb") as stream, _private_file(plain) as target:
        sealed = stream.read(len(age.MARK)) == age.MARK
        stream.seek(0)
        if not sealed:
            shutil.copyfileobj(stream, target)
            return
        try:
            passphrase, identities = _fitting(source, age.kinds(stream), key)
            stream.seek(0)
            age.decrypt(stream, target, passphrase, identities)
        except age.SealError as error:
            raise UserError(f"{source}: cannot be decrypted: {error}") from error


def _fitting(source: Path, kinds: set[str], key: Key) -> tuple[str | None, list[bytes]]:
    """The passphrase or the private keys, whichever the file was encrypted for."""
    if "scrypt" in kinds:
        if not key.passphrase:
            raise UserError(
                f"{source}: encrypted with a passphrase; put it in PORTICO_BACKUP_PASSPHRASE or in a file that "
                "PORTICO_BACKUP_PASSPHRASE_FILE names"
            )
        return key.passphrase, []
    if "X25519" not in kinds:
        raise age.SealError(f"it was sealed for other kinds of keys ({', '.join(sorted(kinds))})")
    if not key.identity:
        raise UserError(
            f"{source}: encrypted to a public key; name the file of the private key: --identity FILE"
        )
    try:
        return None, age_keys.private_keys(key.identity)
    except ValueError as error:
        raise UserError(f"the identity file cannot be read: {error}") from error


def _private_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _public(text: str) -> bytes:
    try:
        return age_keys.public_key(text)
    except ValueError as error:
        raise UserError(
            f'not a public key to encrypt to: "{text}" ({error}); `age-keygen` makes one: "age1..."'
        ) from error
