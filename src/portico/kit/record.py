"""`.portico-kit.json`: what Portico wrote into a site's folder, so that an upgrade can tell who changed a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from portico.errors import UserError
from portico.kit.places import PLACES
from portico.kit.units import Units

RECORD_NAME = ".portico-kit.json"


@dataclass(frozen=True, slots=True)
class Record:
    """The places of a site, what its units name, and the SHA-256 of each file as a Portico wrote it.

    It is committed with the site. `portico` is the version that wrote it last; "" when there is no record.
    """

    portico: str = ""
    places: tuple[str, ...] = ()
    units: Units | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The record as the file holds it."""
        return json.dumps(asdict(self), indent=2) + "\n"


def read_record(root: Path) -> Record:
    """The record in the folder `root`, or an empty one. UserError: it is there and cannot be understood."""
    file = root / RECORD_NAME
    try:
        told = json.loads(file.read_text("utf-8"))
        units = Units(**told["units"]) if told["units"] else None
        places = tuple(place for place in PLACES if place in told["places"])
        files = {str(path): str(checksum) for path, checksum in told["files"].items()}
        return Record(str(told["portico"]), places, units, files)
    except FileNotFoundError:
        return Record()
    except OSError as error:
        raise UserError(f"{RECORD_NAME}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{RECORD_NAME}: not what Portico wrote (a merge?); take it from the version control, or delete it: "
            "then files that differ from Portico's count as yours"
        ) from None


def checksum(content: bytes) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def own_version() -> str:
    """The version of the Portico that runs."""
    try:
        return version("portico")
    except PackageNotFoundError:
        return "0"
