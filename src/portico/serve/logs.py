"""What all processes write, as lines with the app's name: shown at once, and the last ones kept."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

KEPT = 500  # lines an app
WAITING = 20_000  # lines that may wait for a slow terminal or pipe before new ones are dropped
COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)
OWN_NAME = "portico"


class LogFormat(StrEnum):
    """How a line looks."""

    COLOUR = "colour"  # a terminal
    PLAIN = "plain"  # a pipe, a file, CI
    JSON = "json"  # production: one object a line


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `time` in seconds since the epoch, the app's name (or gate, front, portico), the text."""

    time: float
    app: str
    text: str


def chosen_format(option: str | None, output: TextIO) -> LogFormat:
    """The format of the option, else off a terminal of PORTICO_LOG_FORMAT, else what suits the output."""
    if option == "json" or (
        option is None and not output.isatty() and os.environ.get("PORTICO_LOG_FORMAT") == "json"
    ):
        return LogFormat.JSON
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or "CI" in os.environ
    return LogFormat.COLOUR if output.isatty() and not plain and option is None else LogFormat.PLAIN


def formatted(line: Line, form: LogFormat, width: int) -> str:
    """The line as it is shown. `width`: the longest name, so that the texts stand in one column."""
    if form is LogFormat.JSON:
        when = (
            datetime.fromtimestamp(line.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
        return json.dumps({"time": when, "app": line.app, "message": line.text}, ensure_ascii=False)
    if line.app == OWN_NAME:
        text = f"portico: {line.text}"
        return f"\x1b[1m{text}\x1b[0m" if form is LogFormat.COLOUR else text
    name = line.app.ljust(width)
    if form is LogFormat.COLOUR:
        name = f"\x1b[{COLOURS[sum(line.app.encode()) % len(COLOURS)]}m{name}\x1b[0m"
    return f"{name} | {line.text}"


class Logs:
    """Takes lines from everywhere. Never blocks or fails: a full disk or a closed pipe stops no site."""

    def __init__(self, form: LogFormat, output: TextIO, clock: Callable[[], float]) -> None:
        self.form = form
        self.width = len(OWN_NAME)
        self._clock = clock
        self._output = output
        self._kept: dict[str, deque[Line]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._listeners: list[Callable[[Line], None]] = []
        self._queue: queue.Queue[str | None] = queue.Queue(WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """A line of the supervisor's own."""
        self.add(OWN_NAME, text)

    def add(self, app: str, text: str) -> None:
        """One line of one app; longer texts are split into lines."""
        for part in text.splitlines() or [""]:
            line = Line(self._clock(), app, part)
            self._kept[app].append(line)
            for listener in self._listeners:
                listener(line)
            self._show(formatted(line, self.form, self.width))

    def last(self, app: str | None, count: int) -> list[Line]:
        """The last `count` lines of one app, or of all of them in the order of time."""
        if app is not None:
            return list(self._kept.get(app, ()))[-count:] if count else []
        merged = sorted((line for lines in self._kept.values() for line in lines), key=lambda line: line.time)
        return merged[-count:] if count else []

    def listen(self, listener: Callable[[Line], None]) -> Callable[[], None]:
        """Call `listener` for each new line until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def forget(self, app: str) -> None:
        """Drop the lines of an app that is no longer there."""
        self._kept.pop(app, None)

    def close(self) -> None:
        """Write what waits, for at most a second."""
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(1.0)

    def _show(self, text: str) -> None:
        try:
            if self._dropped:
                self._queue.put_nowait(f"portico: {self._dropped} lines were dropped: the output is too slow")
                self._dropped = 0
            self._queue.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def _write(self) -> None:
        while True:
            text = self._queue.get()
            if text is None:
                return
            try:
                self._output.write(text + "\n")
                if self._queue.empty():
                    self._output.flush()
            except (OSError, ValueError):  # nobody reads any more, or the disk is full
                continue


def standard_output() -> TextIO:
    """stdout, without the error that a line with an unprintable character would be."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout
