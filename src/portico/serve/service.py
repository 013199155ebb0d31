"""The life of one app: starting, running, sleeping, waking, replaced, crashed, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import time
from enum import StrEnum
from itertools import groupby

from portico.serve.backoff import Backoff
from portico.serve.launch import Launch
from portico.serve.marks import Marks
from portico.serve.worker import CrashError, Ready, StartError, Worker
from portico.serve.workers import Surroundings, Workers

SLOW = 3.0  # seconds; who takes longer to start shows the waiting page from the first moment
RETRY_SLEEP = 30.0  # seconds until an app that could not be put to sleep is tried again
CRASH_LINES = 40  # of the log, for the page that the site's admin sees


class State(StrEnum):
    """What an app is doing."""

    STARTING = "starting"
    RUNNING = "running"
    REPLACING = "replacing"
    SLEEPING = "sleeping"
    WAKING = "waking"
    CRASHED = "crashed"
    STOPPING = "stopping"


class Service:
    """One app on its socket. It lives from `begin()` to `stop()`."""

    def __init__(self, launch: Launch, around: Surroundings) -> None:
        self.state = State.STARTING
        self.since = time.time()  # of the state
        self.kind = ""
        self._said: set[str] = set()  # notes, each of them once
        self.fault = ""
        self.crashes = 0
        self.workers = Workers(launch, around, self._look)
        self._around = around
        self._marks = Marks(around.run, launch.name)
        self._backoff = Backoff()
        self._lock = asyncio.Lock()  # of whoever changes which workers serve
        self._something = asyncio.Event()  # a worker ended, or the idle clock should be looked at
        self._retry = asyncio.Event()
        self._superseded = False
        self._began = 0.0  # when it was last started, or new workers were
        self._took = 0.0  # seconds, the last time it started
        self._settled: list[asyncio.Future[None]] = []
        self._life: asyncio.Task[None] | None = None

    @property
    def launch(self) -> Launch:
        """How the app is started now."""
        return self.workers.launch

    @property
    def serving(self) -> list[Worker]:
        """The workers that take requests."""
        return self.workers.serving

    def last_words(self) -> list[str]:
        """The last lines that the app wrote since it was last started, with its name."""
        name = self.launch.name
        return [f"{name} | {text}" for text in self._last_said(20)]

    def begin(self) -> None:
        """Start living."""
        self._life = self._around.task(self._live())

    async def settled(self) -> None:
        """Wait until the app runs or sleeps. StartError or CrashError: it did not get there."""
        if self.serving or self.state is State.SLEEPING:
            return
        future = asyncio.get_running_loop().create_future()
        self._settled.append(future)
        await future

    async def replace(self, launch: Launch | None = None) -> str:
        """Give the app new workers, of `launch` when it changed; returns what happened, for a person.

        The old workers serve until the new ones are ready, and stay when those do not get there (StartError).
        """
        launch = launch or self.launch
        if self.state is State.SLEEPING:
            self.workers.launch = launch
            return "asleep; its next request starts the new code"
        if not self.serving:
            self.workers.launch = launch
            return await self._start_over()
        async with self._lock:
            if self.serving:
                return await self._roll(launch)
        return await self.replace(launch)  # it fell asleep or crashed just now

    async def stop(self, limit: float) -> None:
        """End all workers, those that still drain too, within `limit` seconds; then give up the socket."""
        self._enter(State.STOPPING)
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        await self.workers.terminate(limit)
        self._settle(StartError("the app was stopped"))
        self._marks.clear()

    def end_websockets(self) -> None:
        """The site stops: do not wait for those who have only a WebSocket open, and do not start them again."""
        if self.workers.end_websockets() and self._life is not None:
            self._life.cancel()

    def kill(self) -> None:
        """End every process of the app now."""
        self.workers.kill()

    # The life

    async def _live(self) -> None:
        if self.launch.sleep_after is not None:
            await self._sleep()
        while True:
            try:
                await self._start()
                await self._until_idle()
                await self._sleep()
            except (StartError, CrashError) as fault:
                await self._after_fault(fault)

    async def _start(self) -> None:
        self._enter(State.WAKING if self.state is State.SLEEPING else State.STARTING)
        self._retry.clear()
        self._superseded = False
        self._marks.starting(known_slow=self._took > SLOW)
        self._began, begun = time.time(), time.monotonic()
        async with self._around.turns.turn(self._asked_for):
            try:
                ready = await self.workers.start_first()
            finally:
                self._took = time.monotonic() - begun
        self._marks.clear()
        self._enter(State.RUNNING)
        self._meet(ready)
        self._settle(None)
        self.workers.fill()

    async def _until_idle(self) -> None:
        """Return when the app may sleep. CrashError: its last worker ended."""
        while True:
            self._something.clear()
            async with self._lock:
                self.workers.count_the_dead()
                wait = self.workers.idle_in()
                if wait is not None and wait <= 0:
                    if self.workers.retire():
                        self._enter(State.SLEEPING)
                        return
                    wait = RETRY_SLEEP
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._something.wait(), wait)

    async def _sleep(self) -> None:
        """No process, an unserved socket; return at the first connection."""
        self._enter(State.SLEEPING)
        self._settle(None)
        await self._asked_for()

    async def _after_fault(self, fault: StartError | CrashError) -> None:
        """Say so, mark the app as crashed when it does not come back at once, and wait."""
        if self._superseded:
            return
        name, logs = self.launch.name, self._around.logs
        self.fault = str(fault)
        self.crashes += 1
        delay = self._backoff.after(time.time() - self.since if isinstance(fault, CrashError) else 0.0)
        logs.say(f"{name}: {fault}; starting it again" + (f" in {delay:g} s" if delay else ""))
        if delay:
            self._marks.crashed([*self._last_said(CRASH_LINES), f"{name}: {fault}"])
            with contextlib.suppress(OSError):
                self.workers.renew_socket()
        self._enter(State.CRASHED)
        self._settle(fault)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._retry.wait(), delay)

    def _last_said(self, count: int) -> list[str]:
        """What it wrote last, since it was started: whoever breaks at each try says the same each time."""
        lines = self._around.logs.last(self.launch.name, count)
        return [text for text, _ in groupby(line.text for line in lines if line.time >= self._began)]

    async def _roll(self, launch: Launch) -> str:
        self._enter(State.REPLACING)
        self._began = time.time()
        try:
            self._meet(await self.workers.roll(launch))
        finally:
            self._enter(State.RUNNING)
            self._look()
        return "replaced"

    async def _start_over(self) -> str:
        """For an app that is starting or crashed: begin again at once, with what there is now."""
        self._superseded = True
        self.kill()
        self._retry.set()
        self._enter(State.STARTING)
        try:
            await self.settled()
        except CrashError as fault:
            raise StartError(str(fault)) from fault
        return "started"

    async def _asked_for(self) -> None:
        """Return when a connection waits in the current socket's backlog."""
        loop = asyncio.get_running_loop()
        knock = asyncio.Event()
        listener = self.workers.socket.current.fileno()
        loop.add_reader(listener, knock.set)
        try:
            await knock.wait()
        finally:
            loop.remove_reader(listener)

    def _look(self) -> None:
        self._something.set()

    def _meet(self, ready: Ready) -> None:
        self.kind = ready.kind
        self.fault = ""
        for note in ready.notes:
            if note in self._said:
                continue
            self._said.add(note)
            self._around.logs.say(note if self.launch.prepare else f"{self.launch.name}: {note}")

    def _enter(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.since = time.time()

    def _settle(self, fault: Exception | None) -> None:
        waiting, self._settled = self._settled, []
        for future in waiting:
            if future.done():
                continue
            if fault is None:
                future.set_result(None)
            else:
                future.set_exception(fault)
