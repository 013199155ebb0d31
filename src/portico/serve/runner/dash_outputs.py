"""Which callback an answer of Dash is: its outputs in a header, which the front notes for insight and keeps to itself.

The outputs are named as the app's code names them ("graph.figure", `{"index":["MATCH"]...}.value`): Dash sends this
name with each call and finds the function by it, so that no id made of somebody's data gets into a header.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

HEADER = "X-Portico-Callback"
LONGEST = 400  # bytes; insight shows fewer
POLL = "cacheKey"  # in the query of a call that only asks whether a job is done


def name(cls: Any) -> None:
    """Complete the method of Dash with which each call begins, if this Dash has it."""
    if hasattr(cls, "_initialize_context"):
        cls._initialize_context = _named(cls._initialize_context)


def _named(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def initialize_context(self: Any, body: Any) -> Any:
        context = original(self, body)
        output = body.get("output")
        if output in self.callback_map and POLL not in (getattr(context, "args", None) or ()):
            _tell(context, _value(output))
        return context

    return initialize_context


def _tell(context: Any, value: str) -> None:
    """Put the header on the answer: in Flask also on that of a callback which fails, elsewhere on Dash's own."""
    flask = sys.modules.get("flask")
    response = getattr(context, "dash_response", None)
    if flask is not None and flask.has_request_context():
        flask.after_this_request(functools.partial(_with_header, value=value))
    elif response is not None and hasattr(response, "set_header"):
        response.set_header(HEADER, value)


def _with_header(response: Any, *, value: str) -> Any:
    response.headers[HEADER] = value
    return response


@functools.lru_cache(maxsize=1000)
def _value(output: str) -> str:
    """The name as a header has it: bytes of UTF-8, without what could end the header."""
    printable = "".join(character if character.isprintable() else "?" for character in output)
    return printable.encode("utf-8", "replace")[:LONGEST].decode("latin-1")
