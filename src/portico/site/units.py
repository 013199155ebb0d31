"""Durations and sizes as people write them: "15m", "1h30m", "100MB"."""

from __future__ import annotations

import math
import re

from portico.site.problems import Wrong, shown

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
BYTES = {
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", start=1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", start=1)},
}
_PART = r"(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]+)"
_DURATION = re.compile(rf"{_PART}(?:\s*{_PART})*", re.ASCII)
_SIZE = re.compile(_PART, re.ASCII)


def duration(value: object) -> float:
    """Seconds in "90s", "15m", "1h30m", "500ms", "30d"; Wrong for anything else."""
    text = _with_unit(value, "a duration", '"30s", "15m" or "12h"')
    if not _DURATION.fullmatch(text):
        raise Wrong(f'not a duration: {shown(value)}; write it like "30s", "15m" or "1h30m"')
    parts = re.findall(_PART, text, re.ASCII)
    for _, unit in parts:
        if unit not in SECONDS:
            raise Wrong(f'unknown unit of time "{unit}" in {shown(value)}; use {_listed(SECONDS)}')
    return math.fsum(float(number) * SECONDS[unit] for number, unit in parts)


def size(value: object) -> int:
    """Bytes in "500KB", "100MB", "1.5GiB" (KB is 1000 bytes, KiB 1024); Wrong for anything else."""
    text = _with_unit(value, "a size", '"500KB", "100MB" or "2GB"')
    match = _SIZE.fullmatch(text)
    if match is None:
        raise Wrong(f'not a size: {shown(value)}; write it like "500KB" or "100MB"')
    number, unit = match.groups()
    if unit not in BYTES:
        raise Wrong(f'unknown unit of size "{unit}" in {shown(value)}; use B, KB, MB, GB, KiB, MiB or GiB')
    return int(float(number) * BYTES[unit] + 0.5)


def duration_text(seconds: float) -> str:
    """The duration as a person would write it: 5400 is "1h30m"."""
    left, text = round(seconds * 1000), ""
    for unit, factor in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, factor)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def size_text(size_in_bytes: int) -> str:
    """The size as a person would write it, in the largest unit that is exact: 100000000 is "100MB"."""
    for unit, factor in sorted(BYTES.items(), key=lambda item: -item[1]):
        if size_in_bytes and size_in_bytes % factor == 0:
            return f"{size_in_bytes // factor}{unit.upper().replace('I', 'i')}"
    return "0B"


def _with_unit(value: object, noun: str, examples: str) -> str:
    """The value as lower-case text; a bare number is refused, because nobody can see its unit."""
    bare = isinstance(value, (int, float)) and not isinstance(value, bool)
    if bare or (isinstance(value, str) and re.fullmatch(r"\s*\d+(\.\d+)?\s*", value)):
        raise Wrong(f"{shown(value)} has no unit; write {noun} like {examples}")
    if not isinstance(value, str):
        raise Wrong(f"expected {noun} like {examples}, not {shown(value)}")
    return value.strip().lower()


def _listed(units: dict[str, float]) -> str:
    names = list(units)
    return f"{', '.join(names[:-1])} or {names[-1]}"
