"""A backup's file: a tar.gz that is written whole or not at all, and read only after every sum was checked."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from portico.errors import UserError
from portico.gate.backup import manifest as manifests
from portico.gate.backup.manifest import Manifest
from portico.gate.backup.sealing import Key, unseal

SITE_FILE = "portico.toml"
_MEMBER = re.compile(r"manifest\.json|portico\.toml|database/\w+\.jsonl|secrets/[\w.-]+", re.ASCII)
_DAMAGED = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was unpacked and checked: what it says, and the folder with its files until it is closed."""

    manifest: Manifest
    folder: Path

    @property
    def site_file(self) -> Path | None:
        """The backup's portico.toml, of a site that has one."""
        file = self.folder / SITE_FILE
        return file if file.exists() else None


def pack(folder: Path, manifest: Manifest, target: Path) -> None:
    """Write the files of `folder` and the manifest with their sums to the new file `target`, mode 0600."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {str(path.relative_to(folder)): _sum(path) for path in files}
    text = folder / manifests.NAME
    text.write_text(replace(manifest, sums=sums).to_json(), encoding="utf-8")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
            for path in (text, *files):
                tar.add(path, str(path.relative_to(folder)), filter=_nobodys)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def opened(source: Path, key: Key) -> Iterator[Backup]:
    """The backup in this file, decrypted, unpacked into a folder of mode 0700 and checked; removed at the end.

    UserError: it cannot be read, opened with this key, or is damaged.
    """
    folder = Path(tempfile.mkdtemp(prefix="portico-restore-"))
    try:
        plain, inside = folder / "backup.tar.gz", folder / "files"
        inside.mkdir(mode=0o700)
        try:
            unseal(source, plain, key)
            _unpack(plain, inside)
        except _DAMAGED as error:
            raise UserError(f"{source}: not a whole backup: {error}") from error
        except OSError as error:
            raise UserError(f"{error.filename or source}: {error.strerror or error}") from error
        plain.unlink(missing_ok=True)
        yield Backup(_checked(source, inside), inside)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The entry without the name of whoever made the backup."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _unpack(source: Path, folder: Path) -> None:
    """Write the plain files with the names we know; anything else means that this is not ours."""
    with tarfile.open(source, "r:gz") as tar:
        for member in tar:
            if not member.isreg() or not _MEMBER.fullmatch(member.name) or ".." in member.name:
                raise tarfile.TarError(f"it holds {member.name!r}, which is no part of a backup")
            content = tar.extractfile(member)
            assert content is not None  # noqa: S101  a regular file
            path = folder / member.name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with (
                content,
                os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream,
            ):
                shutil.copyfileobj(content, stream)


def _checked(source: Path, folder: Path) -> Manifest:
    text = folder / manifests.NAME
    if not text.exists():
        raise UserError(f"{source}: not a backup of Portico: it has no {manifests.NAME}")
    manifest = manifests.from_json(text.read_bytes())
    found = {
        str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file() and path != text
    }
    if strange := sorted(set(found) ^ set(manifest.sums)):
        raise UserError(
            f"{source}: damaged: {', '.join(strange)} is missing or was not there when it was made"
        )
    for name, path in found.items():
        if _sum(path) != manifest.sums[name]:
            raise UserError(f"{source}: damaged: {name} is not what was saved (its SHA-256 differs)")
    return manifest


def _sum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
