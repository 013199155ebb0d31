"""Serving a command that speaks HTTP by itself (Streamlit, Panel, ...): starts it and passes bytes on.

The supervisor's socket stays the one the front connects to. So a command sleeps, wakes, is replaced and
drained like any other app, although it opens a port of its own.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

from portico.serve.runner.command import Command, CommandError
from portico.serve.runner.exchange import HEAD_LIMIT, Exchange
from portico.serve.runner.spec import Spec
from portico.serve.runner.stats import Stats
from portico.serve.runner.status import Status

GRACE = 5.0  # seconds that a command gets to end after SIGTERM


def serve_command(spec: Spec, status: Status) -> None:
    """Start the command of `spec`, pass connections on until SIGTERM, and end with it."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # the mark to drain: each connection has one request anyway
    asyncio.run(_serve(spec, status, Stats(spec.stats_fd)))


async def _serve(spec: Spec, status: Status, stats: Stats) -> None:
    listener = socket.socket(fileno=spec.listen_fd)
    command = Command(spec, listener.getsockname())
    try:
        await command.start()
        await command.wait_listening(spec.start_timeout)
    except CommandError as error:
        await command.stop(GRACE)
        status.fail(str(error))
    relay = Relay(command, stats)
    server = await asyncio.start_unix_server(relay.take, sock=listener, limit=HEAD_LIMIT, start_serving=False)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    status.ready("command")
    await server.start_serving()
    ended = asyncio.create_task(command.ended())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
    server.close()
    if stopping.done():
        await relay.finish()
        await command.stop(GRACE)
    else:
        await relay.finish(wait=False)
        print(f"{spec.text}: {ended.result()}", file=sys.stderr, flush=True)
        raise SystemExit(1)


class Relay:
    """The open exchanges between the front and one command."""

    def __init__(self, command: Command, stats: Stats) -> None:
        self._command = command
        self._stats = stats
        self._open: dict[asyncio.Task[None], Exchange] = {}

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on to the command."""
        exchange = Exchange(reader, writer, self._command.connect)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs each connection's callback as a task
        self._open[task] = exchange
        self._stats.begin()
        try:
            await exchange.run()
        except asyncio.CancelledError:
            pass  # told to stop; this task has nobody who would wait for its result
        finally:
            self._stats.end()
            del self._open[task]

    async def finish(self, *, wait: bool = True) -> None:
        """Wait for the requests in flight, or cut them off. WebSockets have no end: they are cut off in any case."""
        for task, exchange in self._open.items():
            if exchange.upgraded or not wait:
                task.cancel()
        if self._open:
            await asyncio.wait(tuple(self._open))
