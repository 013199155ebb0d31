"""Two summaries that add up, whoever made them: how many people (HyperLogLog), and how long answers took (log buckets)."""

from __future__ import annotations

import base64
import math
import zlib
from collections import Counter
from collections.abc import Mapping

PRECISION = 14
REGISTERS = 1 << PRECISION  # a standard error of 0.8 percent; some dozen people are counted exactly
HASH_BITS = 64
STEPS = 8  # buckets for each doubling of the time: a quantile is right within 4.5 percent


class People:
    """How many different marks were added. What was added cannot be read from it.

    HyperLogLog (Flajolet and others, 2007): each mark, a number of 64 even random bits, picks a register by its first
    bits; the register keeps the longest run of zeros behind them.
    """

    __slots__ = ("_registers",)

    def __init__(self, registers: bytes = b"") -> None:
        self._registers = bytearray(registers or REGISTERS)

    @classmethod
    def of_text(cls, text: str) -> People:
        """The sketch that `text` wrote; ValueError for anything else."""
        registers = zlib.decompress(base64.b64decode(text)) if text else b""
        if registers and len(registers) != REGISTERS:
            raise ValueError("not a sketch of people")
        return cls(registers)

    @property
    def text(self) -> str:
        """The sketch as text; a few letters for a few people."""
        return base64.b64encode(zlib.compress(bytes(self._registers), 6)).decode()

    def add(self, mark: int) -> None:
        """Count a mark; one that was counted before changes nothing."""
        rest = HASH_BITS - PRECISION
        register, tail = mark >> rest, mark & ((1 << rest) - 1)
        rank = rest - tail.bit_length() + 1
        self._registers[register] = max(self._registers[register], rank)

    def merge(self, other: People) -> None:
        """Take in what another sketch counted."""
        self._registers = bytearray(map(max, self._registers, other._registers))

    @property
    def count(self) -> int:
        """How many different marks there were, about."""
        zeros = self._registers.count(0)
        exponents = Counter(self._registers)
        harmonic = sum(times * 2.0**-rank for rank, times in exponents.items())
        estimate = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS**2 / harmonic
        if estimate <= 2.5 * REGISTERS and zeros:
            estimate = REGISTERS * math.log(REGISTERS / zeros)
        return round(estimate)


class Times:
    """How many answers took how long, in buckets that each are a bit longer than the one before."""

    __slots__ = ("buckets",)

    def __init__(self, buckets: Mapping[str, int] | None = None) -> None:
        self.buckets: Counter[int] = Counter({int(key): value for key, value in (buckets or {}).items()})

    @property
    def plain(self) -> dict[str, int]:
        """The buckets as JSON has them."""
        return {str(bucket): self.buckets[bucket] for bucket in sorted(self.buckets)}

    def add(self, milliseconds: int, times: int = 1) -> None:
        """Count answers that took so long."""
        bucket = 0 if milliseconds < 1 else 1 + int(math.log2(milliseconds) * STEPS)
        self.buckets[bucket] += times

    def merge(self, other: Times) -> None:
        """Take in what another summary counted."""
        self.buckets.update(other.buckets)

    @property
    def count(self) -> int:
        """How many answers there were."""
        return self.buckets.total()

    @property
    def total(self) -> float:
        """The milliseconds of all answers together, about."""
        return sum(_middle(bucket) * times for bucket, times in self.buckets.items())

    def quantile(self, share: float) -> float | None:
        """The milliseconds in which this share of the answers was there; None where there were no answers."""
        rank = share * self.count
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return _middle(bucket)
        return None


def _middle(bucket: int) -> float:
    """The milliseconds that stand for a bucket. nginx measures whole ones: 0 is "less than one"."""
    return 0.5 if bucket == 0 else 2 ** ((bucket - 0.5) / STEPS)
