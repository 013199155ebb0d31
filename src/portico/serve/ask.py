"""A question to a running supervisor, from another process: one JSON line there, JSON lines back."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portico.errors import UserError
from portico.serve import rundir

NOT_RUNNING = "this site is not running; `portico serve` starts it"


def ask(folder: Path, verb: str, **details: Any) -> Iterator[dict[str, Any]]:
    """Ask the supervisor of the site with this run folder; yields what it says until it is done.

    UserError: the site is not running, or the supervisor answers that it cannot.
    """
    for message in _conversation(_connected(folder), {"verb": verb, **details}):
        if "error" in message:
            raise UserError(message["error"])
        yield message


def answer(folder: Path, verb: str, **details: Any) -> dict[str, Any]:
    """The last thing the supervisor says to a question. Errors as in `ask`."""
    last: dict[str, Any] = {}
    for message in ask(folder, verb, **details):
        last = message
    return last


def stop(folder: Path, limit: float = 60.0) -> int:
    """Ask the supervisor to stop and wait until it has ended; returns the pid it had."""
    pid = int(answer(folder, "stop").get("pid", 0))
    run = rundir.find(folder)
    deadline = time.monotonic() + limit
    while run.locked():
        if time.monotonic() > deadline:
            raise UserError(
                f"process {pid} has not stopped within {limit:g} s; it waits for requests in flight"
            )
        time.sleep(0.02)
    return pid


def _connected(folder: Path) -> socket.socket:
    place = rundir.find(folder).control
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(place))
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        connection.close()
        raise UserError(NOT_RUNNING) from None
    except PermissionError:
        connection.close()
        raise UserError(
            f"{place}: belongs to another user; run this command as the user who serves the site"
        ) from None
    except OSError as error:
        connection.close()
        raise UserError(f"{place}: {os.strerror(error.errno or 0)}") from None
    return connection


def _conversation(connection: socket.socket, question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with connection, connection.makefile("rwb") as stream:
        try:
            stream.write(json.dumps(question).encode() + b"\n")
            stream.flush()
            for line in stream:
                message: dict[str, Any] = json.loads(line)
                if message.get("done"):
                    if "error" in message or len(message) > 1:
                        yield message
                    return
                yield message
        except ConnectionError:
            pass
    raise UserError("the supervisor ended while it was asked")
