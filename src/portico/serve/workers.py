"""The workers of one app on its socket: started, counted, replaced all at once, let go."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from portico.serve.backoff import Backoff
from portico.serve.busy import has_jobs
from portico.serve.launch import Launch
from portico.serve.logs import Logs
from portico.serve.process import ending
from portico.serve.rundir import RunDirectory
from portico.serve.sockets import AppSocket, Generation
from portico.serve.turns import Turns
from portico.serve.worker import CrashError, Ready, StartError, Worker

WEBSOCKET_LIMIT = 3.0  # seconds for the good-bye of WebSockets
DRAIN_LIMIT = 30.0  # seconds that a worker which is replaced or put to sleep may take to finish


@dataclass(slots=True)
class Surroundings:
    """What every app shares: run directory, logs, this supervisor's lifeline, the turns to start."""

    run: RunDirectory
    logs: Logs
    lifeline: int
    turns: Turns
    changed: Callable[[], None]  # called when processes come or go
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside; when it breaks, the log says so."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.logs.say("".join(traceback.format_exception(error)))


class Workers:
    """`serving` are those that are ready on the current socket; `everyone` also those that start or drain.

    `ended` is called when one has ended.
    """

    def __init__(self, launch: Launch, around: Surroundings, ended: Callable[[], None]) -> None:
        self.launch = launch
        self.serving: list[Worker] = []
        self.everyone: set[Worker] = set()
        self.lost = 0  # workers that ended by themselves while others went on
        self.socket = AppSocket(around.run.socket(launch.name), launch.workers)
        self._around = around
        self._ended = ended
        self._requests_before = 0
        self._filling: asyncio.Task[None] | None = None

    @property
    def requests(self) -> int:
        """Requests since the site started, over all workers there have been."""
        return self._requests_before + sum(worker.requests for worker in self.everyone)

    @property
    def in_flight(self) -> int:
        """Requests that are open now, in all workers."""
        return sum(worker.in_flight for worker in self.everyone)

    async def start_first(self) -> Ready:
        """One worker on the current socket, ready; then `fill` starts the others. StartError: it did not get there."""
        try:
            self.socket.grow(self.launch.workers)  # it may have changed while nobody served
        except OSError as error:
            raise StartError(f"no new socket: {error.strerror}") from error
        first = self._spawn(self.socket.current, 0, first=True)
        ready = await first.wait_ready(self.launch.start_timeout)
        if not first.child.alive:
            raise CrashError(ending(first.child.exited.result()))
        self.serving = [first]
        return ready

    def fill(self) -> None:
        """Bring the workers up to their number, beside."""
        if self._filling is None or self._filling.done():
            self._filling = self._around.task(self._filled())

    async def roll(self, launch: Launch) -> Ready:
        """New workers on a new socket; when all are ready it takes the place. StartError: all stays."""
        try:
            generation = self.socket.fresh(launch.workers)
        except OSError as error:
            raise StartError(f"no new socket: {error.strerror}") from error
        before, self.launch = self.launch, launch
        new: list[Worker] = []
        try:
            new.append(self._spawn(generation, 0, first=True))
            ready = await new[0].wait_ready(launch.start_timeout)
            new += [self._spawn(generation, slot, first=False) for slot in range(1, launch.workers)]
            await asyncio.gather(*(worker.wait_ready(launch.start_timeout) for worker in new))
            self.socket.publish(generation, range(launch.workers))
        except BaseException as error:
            self.launch = before
            for worker in new:
                worker.child.kill()
            generation.close()
            if isinstance(error, OSError):
                raise StartError(f"no new socket: {error.strerror}") from error
            raise
        old, self.serving = self.serving, new
        self._let_go(old)
        return ready

    def retire(self) -> bool:
        """Put an unserved socket in place and let all workers finish what they have; whether that was possible."""
        if not self.serving:
            return True
        try:
            self.renew_socket()
        except OSError as error:
            self._around.logs.say(f"{self.launch.name}: stays awake: no new socket: {error.strerror}")
            return False
        old, self.serving = self.serving, []
        self._let_go(old)
        return True

    def renew_socket(self) -> None:
        """An unserved socket in place. The connections that waited for a worker that is gone end."""
        self.socket.publish(self.socket.fresh(self.launch.workers))

    def count_the_dead(self) -> None:
        """Take out the workers that ended and start others. CrashError: it was the last one."""
        dead = [worker for worker in self.serving if not worker.child.alive]
        if not dead:
            return
        self.serving = [worker for worker in self.serving if worker.child.alive]
        how = ending(dead[0].child.exited.result())
        if not self.serving:
            raise CrashError(how)
        self._show()
        self.lost += len(dead)
        self._around.logs.say(f"{self.launch.name}: one of its workers ended ({how}); starting another")
        self.fill()

    def idle_in(self) -> float | None:
        """Seconds until the app may sleep; 0 when it may now; None when it never does."""
        after = self.launch.sleep_after
        if after is None or not self.serving:
            return None
        look_again = min(max(after / 4, 0.1), 5.0)
        if any(worker.in_flight for worker in self.serving):
            return look_again
        left = max(worker.last_activity for worker in self.serving) + after - time.time()
        if left > 0:
            return left + 0.01
        busy = not self.launch.is_command and has_jobs([worker.pid for worker in self.serving])
        return look_again if busy else 0.0

    def end_websockets(self) -> bool:
        """End the workers that have nothing else open; whether there are such. Their clients connect again later."""
        idle = [worker for worker in self.everyone if worker.only_websockets]
        for worker in idle:
            self._around.task(worker.terminate(WEBSOCKET_LIMIT))
        return bool(idle)

    async def terminate(self, limit: float) -> None:
        """End all workers, those that still drain too, within `limit` seconds; then give up the socket."""
        if self._filling is not None:
            self._filling.cancel()
        await asyncio.gather(*(worker.terminate(limit) for worker in list(self.everyone)))
        await asyncio.sleep(0)  # whoever waited for the socket is off the loop before its number is free
        self.socket.close()

    def kill(self) -> None:
        """End every process of the app now."""
        for worker in list(self.everyone):
            worker.child.kill()

    def _spawn(self, generation: Generation, slot: int, first: bool) -> Worker:
        name = self.launch.name
        try:
            worker = Worker(
                self.launch,
                listen_fd=generation.fileno(slot),
                slot=slot,
                lifeline_fd=self._around.lifeline,
                first=first,
                on_line=lambda text: self._around.logs.add(name, text),
                run=self._around.run.path,
            )
        except OSError as error:
            what = error.filename or self.launch.argv[0]
            raise StartError(f"cannot be started: {error.strerror or error}: {what}") from error
        self.everyone.add(worker)
        worker.child.exited.add_done_callback(lambda _: self._gone(worker))
        self._around.changed()
        return worker

    def _gone(self, worker: Worker) -> None:
        self._requests_before += worker.requests
        self.everyone.discard(worker)
        self._around.changed()
        self._ended()

    async def _filled(self) -> None:
        backoff = Backoff()
        while self.serving and len(self.serving) < self.launch.workers:
            generation = self.socket.current
            try:
                worker = self._spawn(generation, self._free_slot(), first=False)
                await worker.wait_ready(self.launch.start_timeout)
            except StartError as fault:
                self._around.logs.say(f"{self.launch.name}: another worker: {fault}")
                await asyncio.sleep(backoff.after(0.0))
                continue
            if generation is self.socket.current and self.serving and worker.child.alive:
                self.serving.append(worker)
                self._show()
            else:
                self._let_go([worker])

    def _slots(self) -> set[int]:
        return {worker.slot for worker in self.serving}

    def _free_slot(self) -> int:
        return min(set(range(self.launch.workers)) - self._slots())

    def _show(self) -> None:
        """Lead the front to those who serve; on a full disk it goes on with the way it knows."""
        try:
            self.socket.show(self._slots())
        except OSError as error:
            self._around.logs.say(f"{self.launch.name}: its sockets: {error.strerror}")

    def _let_go(self, workers: list[Worker]) -> None:
        for worker in workers:
            self._around.task(worker.drain(DRAIN_LIMIT))
