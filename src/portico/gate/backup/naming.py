"""Names of backups in a folder, and which of them are kept."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from portico.site import Site

_STAMP = r"\d{8}T\d{6}Z"


def stamp(moment: datetime) -> str:
    """The moment (in UTC) as names have it: 20261121T103740Z."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def name(site: Site, moment: datetime, suffix: str) -> str:
    """The name of a backup of this site, such as example-analytics-20261121T103740Z.tar.gz; they sort by time."""
    return f"{_stem(site)}-{stamp(moment)}.tar.gz{suffix}"


def remove_old(site: Site, newest: Path, keep: int) -> list[Path]:
    """Remove this site's backups beside `newest` until `keep` are left, itself included; returns those removed."""
    pattern = re.compile(rf"{re.escape(_stem(site))}-({_STAMP})\.tar\.gz(\.age)?")
    others = [path for path in newest.parent.iterdir() if pattern.fullmatch(path.name) and path != newest]
    removed = sorted(others, key=_time, reverse=True)[keep - 1 :]
    for path in removed:
        path.unlink()
    return removed


def _time(path: Path) -> str:
    return str(re.findall(_STAMP, path.name)[-1])


def _stem(site: Site) -> str:
    return re.sub(r"[^a-z0-9]+", "-", site.name.lower()).strip("-") or "portico"
