"""One connection of the front, passed on to a command byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from portico.serve.runner.asgi import WEBSOCKET_LIFETIME

HEAD_LIMIT = 256 * 1024  # bytes; the front's own limit is far below
CHUNK = 64 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
UNAVAILABLE = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Exchange:
    """One request and its answer, or one WebSocket.

    The request's head is changed in one place: it asks for the connection to be closed afterwards. So
    requests can be counted, and a worker that is being replaced is free when its last answer is sent.
    Everything else passes as it is.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connect: Callable[[], Awaitable[Streams]],
    ) -> None:
        self._front = (reader, writer)
        self._connect = connect
        self.upgraded = False

    async def run(self) -> None:
        """Pass everything on until both sides are done, or one is gone."""
        reader, writer = self._front
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.upgraded = is_upgrade(head)
            streams = await self._connect()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _close(writer)
            return
        except OSError:
            writer.write(UNAVAILABLE)
            await _close(writer)
            return
        try:
            streams[1].write(head if self.upgraded else closing(head))
            async with asyncio.timeout(WEBSOCKET_LIFETIME if self.upgraded else None):
                await self._pass_both(streams)
        except (TimeoutError, OSError):
            pass
        finally:
            await _close(streams[1])
            await _close(writer)

    async def _pass_both(self, command: Streams) -> None:
        """Both directions at once. The answer's end is the end: nobody reads what the client sends then."""
        upward = asyncio.create_task(_pass(self._front[0], command[1]))
        downward = asyncio.create_task(_pass(command[0], self._front[1]))
        try:
            await asyncio.wait((upward, downward), return_when=asyncio.FIRST_COMPLETED)
            if not downward.done() and not upward.exception():
                await downward
        finally:
            for task in (upward, downward):
                task.cancel()
            await asyncio.gather(upward, downward, return_exceptions=True)


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy until `source` ends, no faster than `target` takes it; then tell `target` that this was all."""
    while data := await source.read(CHUNK):
        target.write(data)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def is_upgrade(head: bytes) -> bool:
    """Whether this request asks to change the protocol (a WebSocket)."""
    return any(line.lower().startswith(b"upgrade:") for line in head.split(b"\r\n")[1:])


def closing(head: bytes) -> bytes:
    """The head with `Connection: close` and no other word on the connection."""
    first, *lines = head[:-4].split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith((b"connection:", b"keep-alive:"))]
    return b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n"
