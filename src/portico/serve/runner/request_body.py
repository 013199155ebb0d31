"""The body of a request as WSGI code may read it: a real file object.

Granian's own `wsgi.input` reads by the block only: its lines lack their ends, `readline` takes no limit,
and iterating stops after the first line. Python's io module does all of that on top of the one method that
works.
"""

from __future__ import annotations

import io
from typing import Any

BUFFER = 64 * 1024  # bytes


def file_of(environ: dict[str, Any]) -> io.BufferedIOBase:
    """What to put at `wsgi.input`: nothing to read, a short body whole, or a long one as it arrives.

    The front has taken in the whole body before it asks, so reading a short one at once waits for nobody; it
    spares a buffer and two layers of calls.
    """
    if "HTTP_TRANSFER_ENCODING" not in environ:
        length = environ.get("CONTENT_LENGTH", "0")
        if length == "0":
            return io.BytesIO()
        if len(length) < len(str(BUFFER)):
            return io.BytesIO(environ["wsgi.input"].read(None))
    return io.BufferedReader(RequestBody(environ["wsgi.input"]), BUFFER)


class RequestBody(io.RawIOBase):
    """Granian's input as the lowest layer of an io stack."""

    def __init__(self, source: Any) -> None:
        self._read = source.read

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`, or the part of it that there are bytes for; 0 at the end."""
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """The rest at once, without growing a buffer step by step."""
        return self._read(None)  # type: ignore[no-any-return]
