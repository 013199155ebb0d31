"""Compares the kit's files with those in a site's folder: who changed which since Portico wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from portico.errors import UserError
from portico.kit.record import Record, checksum


class State(StrEnum):
    """How a file in a site's folder stands to the one that this Portico would write."""

    NEW = "new"  # not there
    SAME = "same"
    OLDER = "older"  # as an older Portico wrote it: to be replaced
    YOURS = "yours"  # changed in the site; Portico's own is as it was when that was done
    DIFFERS = "differs"  # changed in the site, and Portico's own is another than the one recorded
    DROPPED = "dropped"  # an older Portico wrote it, this one has no such file


WRITTEN = frozenset({State.NEW, State.OLDER})
OUT_OF_DATE = frozenset({State.NEW, State.OLDER, State.DIFFERS, State.DROPPED})


@dataclass(frozen=True, slots=True)
class Compared:
    """One file: its path in the folder, its state, what is there and what this Portico would write."""

    path: str
    state: State
    there: bytes | None
    carried: bytes | None

    def diff(self) -> str:
        """From the file that is there to Portico's, as a patch for it; "" where there is nothing to compare."""
        if self.there is None or self.carried is None or self.there == self.carried:
            return ""
        here, carried = (
            content.decode("utf-8", "replace").splitlines() for content in (self.there, self.carried)
        )
        names = (f"{self.path} (here)", f"{self.path} (Portico)")
        return "\n".join(difflib.unified_diff(here, carried, *names, lineterm=""))


def compare(
    root: Path, carried: Mapping[str, bytes], record: Record, kept: Collection[str] = ()
) -> tuple[Compared, ...]:
    """Each file of the kit, compared; then those recorded that the kit no longer has.

    `kept` names files of which somebody has seen the difference: they count as YOURS.
    """
    compared = []
    for path, content in carried.items():
        there = _content(root, path)
        recorded = checksum(content) if path in kept else record.files.get(path)
        compared.append(Compared(path, _state(there, content, recorded), there, content))
    for path in sorted(set(record.files) - set(carried)):
        there = _content(root, path)
        if there is not None:
            compared.append(Compared(path, State.DROPPED, there, None))
    return tuple(compared)


def recorded(compared: Collection[Compared], record: Record) -> dict[str, str]:
    """The checksums to record once the files in WRITTEN are written."""
    files = {}
    for one in compared:
        if one.carried is not None and one.state is not State.DIFFERS:
            files[one.path] = checksum(one.carried)
        elif one.carried is not None and one.path in record.files:
            files[one.path] = record.files[one.path]
    return files


def _state(there: bytes | None, carried: bytes, recorded: str | None) -> State:
    if there is None:
        return State.NEW
    if there == carried:
        return State.SAME
    if checksum(there) == recorded:
        return State.OLDER
    return State.YOURS if checksum(carried) == recorded else State.DIFFERS


def _content(root: Path, path: str) -> bytes | None:
    file = root / path
    if not file.parent.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"{path}: {path.partition('/')[0]} is a link out of this folder; nothing is written through it"
        )
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:  # a folder, or a file where a folder should be
        raise UserError(f"{path}: {error.strerror}; the kit has a file of this name") from None
