"""What the supervisor answers on the control socket: one method a verb."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from portico.errors import UserError
from portico.serve.control import Question, Verb
from portico.serve.logs import Line
from portico.serve.status import status, weigh

if TYPE_CHECKING:
    from portico.serve.supervisor import Supervisor

BEHIND = 5000  # lines that a follower of the logs may be behind before it misses some


class Answers:
    """The verbs, each as an async generator of messages."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def verbs(self) -> Mapping[str, Verb]:
        """The verbs by name."""
        return {
            "status": self.status,
            "logs": self.logs,
            "stop": self.stop,
            "reload": self.reload,
            "restart": self.restart,
        }

    async def status(self, question: Question) -> AsyncIterator[dict[str, Any]]:
        """The state of everything, in one message."""
        answer = status(self._supervisor)
        await asyncio.to_thread(weigh, answer)
        yield answer

    async def logs(self, question: Question) -> AsyncIterator[dict[str, Any]]:
        """The last lines of an app (or of all), and with `follow` every new one; one message a line."""
        app, logs = question.get("app"), self._supervisor.logs
        known = {*self._supervisor.apps, "gate", "front", "portico"}
        if app is not None and app not in known:
            raise UserError(f"there is no app {app}; there are {', '.join(sorted(known))}")
        new: asyncio.Queue[Line] = asyncio.Queue(BEHIND)

        def take(line: Line) -> None:
            if app in (None, line.app) and not new.full():
                new.put_nowait(line)

        stop_listening = logs.listen(take)
        try:
            for line in logs.last(app, int(question.get("lines", 100))):
                yield _as_message(line)
            while question.get("follow"):
                yield _as_message(await new.get())
        finally:
            stop_listening()

    async def stop(self, question: Question) -> AsyncIterator[dict[str, Any]]:
        """Begin to stop."""
        yield {"pid": os.getpid()}
        self._supervisor.stop()

    async def reload(self, question: Question) -> AsyncIterator[dict[str, Any]]:
        """Read portico.toml again."""
        yield {"result": await self._supervisor.reload()}

    async def restart(self, question: Question) -> AsyncIterator[dict[str, Any]]:
        """Give apps new workers, one app after the other; one message an app. Without names: all apps."""
        names = question.get("apps") or list(self._supervisor.apps)
        unknown = [name for name in names if name != "gate" and name not in self._supervisor.apps]
        if unknown:
            await self._supervisor.restart(unknown[0])
        problems = []
        for name in names:
            try:
                yield {"app": name, "result": await self._supervisor.restart(name)}
            except UserError as error:
                problems.append(str(error))
        if problems:
            raise UserError("\n".join(problems))


def _as_message(line: Line) -> dict[str, Any]:
    return {"time": line.time, "app": line.app, "text": line.text}
