"""From the front's lines to sums. One line is one request; it names neither a person nor an address.

A line has seven fields with tabs between them: app, status, seconds until the app's answer began, mark of the person
(marks.py), "html" for a navigation, what the connection was upgraded to, and the outputs of a Dash callback.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from portico.gate.insight.sketches import People, Times
from portico.gate.models.insight import OUTPUT_LENGTH

FIELDS = 7
CALLBACKS = 300  # of one app and day; what more there is goes under OTHERS
OTHERS = "(others)"
NO_ONE = "-"
_MARK = re.compile("[0-9a-f]{16}")
_APP = re.compile("[a-z0-9_-]{1,40}")
_ESCAPED = re.compile(r"(?:\\x[0-9A-F]{2})+")


@dataclass(slots=True)
class CallbackSums:
    """One callback."""

    calls: int = 0
    errors: int = 0
    times: Times = field(default_factory=Times)


@dataclass(slots=True)
class AppSums:
    """One app."""

    requests: int = 0
    visits: int = 0
    errors: int = 0
    refused: int = 0
    websockets: int = 0
    people: People = field(default_factory=People)
    times: Times = field(default_factory=Times)
    callbacks: dict[str, CallbackSums] = field(default_factory=dict)


Tally = dict[str, AppSums]


def tally(lines: Iterable[bytes]) -> Tally:
    """The sums of these lines. What is no line of the front's is passed over."""
    sums: Tally = {}
    for line, times in Counter(lines).items():  # many are equal, and counting them costs next to nothing
        fields = line.decode("ascii", "replace").split("\t")
        if len(fields) == FIELDS and _APP.fullmatch(fields[0]) and fields[1].isdigit():
            _add(sums.setdefault(fields[0], AppSums()), fields, times)
    return sums


def _add(app: AppSums, fields: list[str], times: int) -> None:
    _, status, seconds, mark, form, upgrade, output = (field or NO_ONE for field in fields)
    code, took = int(status), _milliseconds(seconds)
    if code in (401, 403) and mark == NO_ONE:
        app.refused += times
        return
    if code == 503 and took is None:
        return  # the front's page of an app that is waking up: it asks again by itself
    app.requests += times
    app.errors += times if code >= 500 else 0
    app.websockets += times if code == 101 else 0
    app.visits += times if form == "html" and code < 400 and upgrade == NO_ONE else 0
    if _MARK.fullmatch(mark):
        app.people.add(int(mark, 16))
    if took is None or code in (502, 503, 504):
        return  # the app did not answer, or did not have to: the front kept the file
    app.times.add(took, times)
    if output != NO_ONE:
        callback = _callback(app, output_name(output))
        callback.calls += times
        callback.errors += times if code >= 500 else 0
        callback.times.add(took, times)


def _callback(app: AppSums, name: str) -> CallbackSums:
    if name not in app.callbacks and len(app.callbacks) >= CALLBACKS:
        name = OTHERS
    return app.callbacks.setdefault(name, CallbackSums())


def _milliseconds(seconds: str) -> int | None:
    """Of "0.004" or, after a second try, of the last of "0.001, 0.004"."""
    last = seconds.replace(":", ",").rpartition(",")[2].strip()
    try:
        return round(float(last) * 1000)
    except ValueError:
        return None


def output_name(field: str) -> str:
    """The outputs of a callback as the app's code names them: "graph.figure, table.data"."""
    text = _ESCAPED.sub(_bytes_of, field)
    text = "".join(character if character.isprintable() else "?" for character in text)
    if text.startswith("..") and text.endswith(".."):
        text = ", ".join(part.split("@")[0] for part in text[2:-2].split("..."))
    else:
        text = text.split("@")[0]
    return text if len(text) <= OUTPUT_LENGTH else text[: OUTPUT_LENGTH - 1] + "…"


def _bytes_of(found: re.Match[str]) -> str:
    return bytes.fromhex(found.group().replace("\\x", "")).decode("utf-8", "replace")
