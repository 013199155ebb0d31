"""Exact sums of numbers as JSON and people write them: integers of any size, decimals as decimals.

Numbers arrive as `int` (a JSON integer) or as `str` (a numeric string, or a JSON number with a fraction or an
exponent, which the reader leaves as it was written). Nothing is ever turned into a binary float, so 0.1 + 0.2
is 0.3.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterable
from decimal import Decimal

MAX_EXPONENT = 1000  # "1e1000" is six characters but a thousand digits: no short text may make a huge number

# Possessive (`++`): a million digits and an "x" are refused after one look at each digit, not after many.
NUMBER = re.compile(r" *+[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE]([+-]?\d++))? *+", re.ASCII)
PLAIN = b"0123456789+-.eE "  # every number is made of these alone; NaN, 1_000 and foreign digits are not
LONG_EXPONENT = re.compile(r"e[+-]?\d{4}", re.ASCII)

# As many digits as the result needs. Inexact can't happen then; it is trapped so that it would not go unseen.
EXACT = decimal.Context(
    prec=decimal.MAX_PREC,
    Emax=decimal.MAX_EMAX,
    Emin=decimal.MIN_EMIN,
    traps=[decimal.InvalidOperation, decimal.Inexact, decimal.Overflow],
)


class NotANumberError(ValueError):
    """An item can't be added: `index` is its place in the list, `reason` says why, with the item itself."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"data[{index}]: {reason}")
        self.index = index
        self.reason = reason


def exact_sum(data: list[object]) -> int | Decimal:
    """The sum of all items, exactly.

    Raises NotANumberError for the first item that is no number. Quick for lists of one million: Python's C
    functions get the whole list first, and only what those refuse is looked at item by item.
    """
    kinds = set(map(type, data))  # bool is its own kind here, so `true` is not taken for 1
    if kinds <= {int}:
        return sum(data)  # type: ignore[arg-type]
    if kinds <= {int, str}:
        texts = [item for item in data if type(item) is str]
        total = _sum_of_plain(texts)
        if total is not None:
            return _add(total, sum(item for item in data if type(item) is int) if int in kinds else 0)
    return _sum_one_by_one(data)


def written(number: int | Decimal) -> str:
    """The one canonical way to write a number: no exponent, no zeros at the end of a fraction, no "-0".

    1.50 + 1.50 is written 3, and 1e3 is written 1000. Every result is a JSON number.
    """
    if isinstance(number, int):
        try:
            return str(number)
        except ValueError:  # Python writes an int of up to 4,300 digits only; Decimal has no such bound
            number = Decimal(number)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _sum_of_plain(texts: list[str]) -> int | Decimal | None:
    """The sum of numbers with exponents of up to three digits; None when one of them is anything else."""
    text = " ".join(texts)
    if text.encode("utf-8", "replace").translate(None, PLAIN) or LONG_EXPONENT.search(text.replace("E", "e")):
        return None
    try:
        return sum(map(int, texts))
    except ValueError:  # a fraction, more than 4,300 digits, or no number
        pass
    try:
        return _sum_of_decimals(texts)
    except decimal.InvalidOperation:
        return None


def _sum_of_decimals(texts: Iterable[str]) -> Decimal:
    """Adds short numbers before long ones, so that the work grows with the text's length, not its square."""
    with decimal.localcontext(EXACT):
        return sum(map(Decimal, sorted(texts, key=len)), Decimal(0))


def _sum_one_by_one(data: list[object]) -> int | Decimal:
    """The careful way: checks every item, names the first wrong one."""
    whole = 0
    texts = []
    for index, item in enumerate(data):
        if type(item) is int:
            whole += item
        else:
            texts.append(_checked(index, item))
    return _add(_sum_of_decimals(texts), whole)


def _checked(index: int, item: object) -> str:
    """The item as the text of a number that is safe to add; NotANumberError when it is none."""
    if not isinstance(item, str):
        raise NotANumberError(index, f"not a number: {_shown(item)}")
    match = NUMBER.fullmatch(item)
    if match is None:
        raise NotANumberError(index, f"not a number: {_quoted(item)}")
    exponent = match[1]
    if exponent and (len(exponent) > 20 or abs(int(exponent)) > MAX_EXPONENT):
        raise NotANumberError(index, f"exponent beyond {MAX_EXPONENT}: {_quoted(item)}")
    return item


def _add(number: int | Decimal, whole: int) -> int | Decimal:
    with decimal.localcontext(EXACT):
        return number + whole if whole else number


def _shown(item: object) -> str:
    if item is None or isinstance(item, bool):
        return {None: "null", True: "true", False: "false"}[item]
    return "an array" if isinstance(item, list) else "an object"


def _quoted(text: str) -> str:
    return f'"{text}"' if len(text) <= 40 else f'"{text[:40]}..." ({len(text)} characters)'
