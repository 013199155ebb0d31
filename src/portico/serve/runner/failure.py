"""Why an app cannot be served, in one line for a person, and the app's own part of a traceback."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType

import portico

OURS = str(Path(portico.__file__).parent)


class LoadError(Exception):
    """The app cannot be served; the message is the line for a person."""


class NoAppError(LoadError):
    """The module was imported and holds no web app."""


def print_own_traceback(error: BaseException) -> None:
    """Write the traceback of `error` to stderr without the frames of Portico and of the import system."""
    traceback.print_exception(type(error), error, own_frames(error.__traceback__), file=sys.stderr)


def own_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame on that belongs to the app."""
    while trace is not None and _is_foreign(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_foreign(file: str) -> bool:
    return file.startswith((OURS, "<frozen importlib", "<frozen runpy")) or "/importlib/" in file


def place(error: BaseException) -> str:
    """Where in the app's code `error` arose: "sales.py, line 12"; "" when that is not known.

    The last frame outside of libraries counts: the app's line that called a library tells more than the
    library's own.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}"
    best = ""
    trace = own_frames(error.__traceback__)
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not _is_library(file):
            best = f"{Path(file).name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return best


def _is_library(file: str) -> bool:
    return (
        file.startswith(("<", OURS, sys.base_prefix + "/lib"))
        or "site-packages" in file
        or "/importlib/" in file
    )
