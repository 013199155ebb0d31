"""The control socket: other `portico` commands ask the supervisor here, one JSON line a question."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from portico.errors import UserError

Question = dict[str, Any]
Answers = AsyncIterator[dict[str, Any]]
Verb = Callable[[Question], Answers]


class Control:
    """Listens on a Unix socket of mode 0600 and lets each verb answer in as many lines as it likes."""

    def __init__(self, place: Path, verbs: Mapping[str, Verb]) -> None:
        self._place = place
        self._verbs = verbs
        self._server: asyncio.AbstractServer | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen."""
        self._place.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(
            0o177
        )  # the whole process's: nothing may be started meanwhile, so no `await` in here
        try:
            listener.bind(str(self._place))
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(self._converse, sock=listener)

    async def close(self) -> None:
        """Stop listening and end the conversations that are still open."""
        if self._server is not None:
            self._server.close()
        for task in list(self._conversations):
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        self._place.unlink(missing_ok=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs has a task
        self._conversations.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._conversations.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if not line:
            return
        try:
            question: Question = json.loads(line)
            verb = self._verbs[question["verb"]]
        except (ValueError, KeyError, TypeError):
            await _say(
                writer,
                {
                    "done": True,
                    "error": "the supervisor does not know this question; is it older than this command?",
                },
            )
            return
        listening = asyncio.ensure_future(self._each(verb(question), writer))
        gone = asyncio.ensure_future(reader.read(1))  # the other side closes: stop what we do for it
        try:
            await asyncio.wait([listening, gone], return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        finally:
            for task in (listening, gone):
                task.cancel()
            await asyncio.gather(listening, gone, return_exceptions=True)

    async def _each(self, answers: Answers, writer: asyncio.StreamWriter) -> None:
        last: dict[str, Any] = {"done": True}
        try:
            async for message in answers:
                await _say(writer, message)
        except UserError as error:
            last["error"] = str(error)
        await _say(writer, last)


async def _say(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()
