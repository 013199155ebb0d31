"""Parts of long lists, as the API gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Select

from portico.gate import paging
from portico.gate.api.problems import RefusedError
from portico.gate.api.shapes import List, Place
from portico.gate.paging import Key, Page
from portico.gate.state import gate

Item = TypeVar("Item")


def part(statement: Select[Any], place: Place, *keys: Key, descending: bool = False) -> Page[Any]:
    """The rows that the client asks for. RefusedError for a cursor that is none."""
    return asked(
        lambda: paging.keyset(
            gate().db, statement, *keys, descending=descending, size=place.limit, after=place.after
        )
    )


def asked(read: Callable[[], Page[Any]]) -> Page[Any]:
    """The page that is read. RefusedError for a cursor that is none."""
    try:
        return read()
    except paging.WrongCursorError:
        wrong = [{"at": "query.after", "problem": "this is no cursor that this list has given"}]
        raise RefusedError(422, "The query is not right.", wrong) from None


def given(page: Page[Any], shape: Callable[..., Item]) -> List[Item]:
    """The page as the API gives it, each row in its shape."""
    return List([shape(row) for row in page.rows], page.next)
