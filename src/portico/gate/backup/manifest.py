"""What a backup says about itself, in its first file: manifest.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from portico.errors import UserError

FORMAT = 1
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class TableSummary:
    """How many rows of a table a backup holds, and the last id its database gave out (0: unknown)."""

    rows: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`sums` maps every other file of the backup to the SHA-256 of its bytes, in hexadecimal digits."""

    portico: str
    made_at: datetime
    site: str
    url: str
    database: str
    revision: str
    tables: Mapping[str, TableSummary] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def to_json(self) -> str:
        """The text of manifest.json."""
        return json.dumps(asdict(self) | {"made_at": self.made_at.isoformat()}, indent=2, ensure_ascii=False)


def from_json(text: str | bytes) -> Manifest:
    """The manifest of this text. UserError: it is of a newer format, or not a manifest."""
    try:
        found: dict[str, Any] = json.loads(text)
        if int(found["format"]) > FORMAT:
            raise UserError(
                f"this backup is of format {found['format']}, made by Portico {found['portico']}; this Portico "
                f"reads format {FORMAT}: install the newer Portico, then restore"
            )
        tables = {name: TableSummary(**summary) for name, summary in found["tables"].items()}
        return Manifest(
            **found | {"made_at": datetime.fromisoformat(found["made_at"]), "tables": tables},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError("this backup's manifest.json cannot be read: the file is damaged") from error
