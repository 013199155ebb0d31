"""Pages of long lists. A page begins behind the last row of the one before (keyset), so that the thousandth is as
fast as the first, and nothing is shown twice when rows come and go meanwhile."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import abort, request
from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

SIZE = 50
LARGEST = 500
COUNTED = 10_000  # beyond this many, "more than" is what a person wants to know
_LARGEST_NUMBER = 2**63 - 1
Row = TypeVar("Row")
Key = Any  # a column of a model, or an expression, that is never NULL


class WrongCursorError(ValueError):
    """This is no cursor that a page of this list has given."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and where the pages beside it begin (None: there is none)."""

    rows: tuple[Row, ...]
    previous: str | None = None
    next: str | None = None
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def previous_link(self) -> str:
        """The query string of the page before this one."""
        return self._link("before", self.previous)

    @property
    def next_link(self) -> str:
        """The query string of the page after this one."""
        return self._link("after", self.next)

    def _link(self, name: str, cursor: str | None) -> str:
        return "?" + urlencode([*self.arguments, (name, cursor or "")])


def of_request(
    db: Session, statement: Select[*tuple[Any, ...]], *keys: Key, descending: bool = False, size: int = SIZE
) -> Page[Any]:
    """The page that the request's `after` or `before` asks for; keeps its other arguments in the links.

    400 for a cursor that is none.
    """
    after, before = request.args.get("after"), request.args.get("before")
    try:
        page = keyset(db, statement, *keys, descending=descending, size=size, after=after, before=before)
    except WrongCursorError:
        abort(400, "This page of the list does not exist. Start at its first page.")
    others = tuple(
        (name, value) for name, value in request.args.items(multi=True) if name not in ("after", "before")
    )
    return Page(page.rows, page.previous, page.next, others)


def keyset(
    db: Session,
    statement: Select[*tuple[Any, ...]],
    *keys: Key,
    descending: bool = False,
    size: int = SIZE,
    after: str | None = None,
    before: str | None = None,
) -> Page[Any]:
    """One page of a statement without ORDER BY, in the order of `keys`: columns that are never NULL, the last of them
    unique, with an index on all of them together.

    Rows are what the statement selects: one thing or a tuple. WrongCursorError for a cursor of another list.
    """
    backwards = before is not None and after is None
    downwards = descending != backwards
    cursor = before if backwards else after
    if cursor:
        bound = _values(cursor, keys)
        left = tuple_(*keys) if len(keys) > 1 else keys[0]
        right = tuple_(*bound) if len(keys) > 1 else bound[0]
        statement = statement.where(left < right if downwards else left > right)
    width = len(statement.column_descriptions)
    ordered = statement.add_columns(*keys).order_by(*(key.desc() if downwards else key.asc() for key in keys))
    found: Sequence[Any] = db.execute(ordered.limit(size + 1)).unique().all()
    more, found = len(found) > size, found[:size]
    if backwards:
        found = found[::-1]
    if not found:
        return Page(())
    first, last = cursor_of(found[0][width:]), cursor_of(found[-1][width:])
    rows = tuple(row[0] if width == 1 else tuple(row[:width]) for row in found)
    has_previous = more if backwards else bool(cursor)
    has_next = True if backwards else more
    return Page(rows, first if has_previous else None, last if has_next else None)


def count(db: Session, statement: Select[*tuple[Any, ...]], limit: int = COUNTED) -> int:
    """How many rows a statement has; `limit` + 1 when they are more than `limit`."""
    some = statement.with_only_columns(literal(1), maintain_column_froms=True).limit(limit + 1).subquery()
    return db.scalar(select(func.count()).select_from(some)) or 0


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """Whether a text column has these characters, which stand for themselves."""
    found: ColumnElement[bool] = column.contains(text.replace("\0", ""), autoescape=True)
    return found


def cursor_of(values: Sequence[Any]) -> str:
    """The cursor of a row with these values of the keys."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _values(cursor: str, keys: Sequence[Key]) -> list[Any]:
    """What the cursor says of each key. Nobody signs it: it can ask for nothing but another place in the list."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        plain = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(plain, list):
            raise WrongCursorError
        return [_value(value, key.type.python_type) for value, key in zip(plain, keys, strict=True)]
    except (ValueError, RecursionError, OverflowError) as error:
        raise WrongCursorError from error


def _value(value: Any, kind: type) -> Any:
    if kind is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise WrongCursorError
        return moment.astimezone(UTC)
    if type(value) is not kind or kind not in (int, str):
        raise WrongCursorError
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        raise WrongCursorError
    if isinstance(value, str) and "\0" in value:
        raise WrongCursorError
    return value
