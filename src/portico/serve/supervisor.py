"""The process behind `portico serve`: starts gate, front and apps, keeps them, and ends them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portico.errors import UserError
from portico.serve import leftovers, ports, rundir
from portico.serve.answers import Answers
from portico.serve.banner import banner
from portico.serve.control import Control
from portico.serve.front_process import Front
from portico.serve.launch import GATE, Launch, for_app, for_gate
from portico.serve.limits import raise_file_limit
from portico.serve.logs import LogFormat, Logs, standard_output
from portico.serve.reload import Difference, difference
from portico.serve.rundir import RunDirectory, write_whole
from portico.serve.service import Service
from portico.serve.system_manager import SystemManager
from portico.serve.turns import Turns
from portico.serve.worker import CrashError, StartError
from portico.serve.workers import Surroundings
from portico.site import to_json
from portico.site.addresses import is_loopback
from portico.site.model import Site

DEV_DRAIN_LIMIT = 5.0
CALM = 1.0  # seconds after which what is still open of a front that stops is looked at
DRAIN_LIMIT = 30.0  # seconds from SIGTERM until what is left is killed


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve: in development or not, in which log format, and how to read the site again.

    `in_container`: development may listen beyond loopback, because this container's ports are published there only.
    `warnings`: what to say at the start.
    """

    dev: bool
    log_format: LogFormat
    read_again: Callable[[], Site]
    in_container: bool = False
    warnings: tuple[str, ...] = ()


def serve(site: Site, settings: Settings) -> int:
    """Serve the site until told to stop; returns the exit code. UserError: why it cannot be served."""
    if settings.dev and not settings.in_container and not is_loopback(site.listen_host):
        raise UserError(
            f"`portico dev` runs debuggers, so it listens on this machine only, not on {site.listen_host}; "
            "use `portico serve`"
        )
    raise_file_limit()
    run = rundir.make(site.run_folder, [app.name for app in site.apps])
    try:
        run.lock()
        leftovers.end_leftovers(run.pids)
        ports.check_free(site)
        run.clean()
        with run.checks_in_memory():
            write_whole(run.site_json, to_json(site))
            return asyncio.run(Supervisor(site, settings, run).run())
    except OSError as error:
        raise rundir.write_error(error, run.path) from error
    finally:
        run.unlock()


class Supervisor:
    """Holds the sockets, the processes and the site they serve."""

    def __init__(self, site: Site, settings: Settings, run: RunDirectory) -> None:
        self.site = site
        self.settings = settings
        self.started = time.time()
        self.logs = Logs(settings.log_format, standard_output(), time.time)
        self.apps: dict[str, Service] = {}
        self._run = run
        self._manager = SystemManager(os.environ)
        self._environ = dict(os.environ)
        self._on_terminal = os.isatty(0)
        self._stop_asked = asyncio.Event()
        self._now = asyncio.Event()  # a second signal: do not wait for requests in flight
        self._changing = asyncio.Lock()
        self._noting = False

    async def run(self) -> int:
        """The whole life of a served site."""
        self._prepare()
        self._listen_to_signals()
        for line in self.settings.warnings:
            self.logs.say(line)
        control = Control(self._run.control, Answers(self).verbs())
        try:
            self.gate.begin()
            for service in self.apps.values():
                service.begin()
            await control.open()  # meanwhile they import
            await self.front.start(self.site, self.releases())
            self.around.task(self._manager.watchdog())
            await self._announce()
            if self.settings.dev:
                self._watch()
            await self._stop_asked.wait()
            await self._drain()
        finally:
            self._kill_all()
            await control.close()
            for task in list(self.around.tasks):
                task.cancel()
            await asyncio.gather(*self.around.tasks, return_exceptions=True)
            self._forget()
            self.logs.close()
        return 0

    # What the verbs of the control socket use

    def stop(self) -> None:
        """Begin to stop; the second time, stop at once."""
        if self._stop_asked.is_set():
            self._now.set()
        self._stop_asked.set()

    async def restart(self, name: str) -> str:
        """Give one app new workers. UserError: there is no such app, or the new workers did not get ready."""
        service = self.gate if name == GATE else self.apps.get(name)
        if service is None:
            raise UserError(f"there is no app {name}; the site has {', '.join(sorted(self.apps)) or 'none'}")
        try:
            done = await service.replace()
        except StartError as fault:
            kept = "; the old workers go on serving" if service.serving else ""
            raise UserError("\n".join([*service.last_words(), f"{name}: {fault}{kept}"])) from fault
        self.front.forget_bundles()
        return done

    async def reload(self) -> str:
        """Read portico.toml again and change only what changed. UserError: it is wrong; everything stays."""
        async with self._changing:
            with self._manager.reloading():
                return await self._read_again()

    async def _read_again(self) -> str:
        site = self.settings.read_again()
        if (site.state, site.run_folder) != (self.site.state, self.site.run_folder):
            raise UserError(
                "site.state and run_folder cannot change while the site is served; stop it and serve it again"
            )
        before = {name: service.launch for name, service in self.apps.items()}
        after = self._launches(site)
        what = difference(before, after, old=self.site, new=site)
        try:
            if what:
                await self._become(site, after, what)
        except OSError as error:
            raise rundir.write_error(error, self._run.path) from error
        return what.as_text()

    def releases(self) -> Mapping[str, str]:
        """Under which name the front caches each app's bundles and assets."""
        return dict.fromkeys(self.apps, f"{int(self.started):x}")

    # The steps

    def _prepare(self) -> None:
        self._lifeline, self._lifeline_end = os.pipe()
        self.around = Surroundings(self._run, self.logs, self._lifeline, Turns(), self._note_pids)
        self.gate = Service(self._gate_launch(), self.around)
        for name, launch in self._launches(self.site).items():
            self.apps[name] = Service(launch, self.around)
        self.front = Front(self.around, self.settings.dev)
        self.logs.width = max(len(name) for name in ("gate", "front", *self.apps))

    def _gate_launch(self) -> Launch:
        return for_gate(self.site, self._run.site_json, self._environ, self.settings.dev)

    def _launches(self, site: Site) -> dict[str, Launch]:
        return {app.name: for_app(site, app, self._environ, self.settings.dev) for app in site.apps}

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: self.around.task(self._hang_up()))

    async def _hang_up(self) -> None:
        """SIGHUP means: read the site again; but when it comes because the terminal was closed: stop."""
        if self._on_terminal and not os.isatty(0):
            self.stop()
            return
        try:
            self.logs.say(f"reloaded: {await self.reload()}")
        except UserError as error:
            self.logs.say(f"not reloaded:\n{error}")

    async def _announce(self) -> None:
        """Wait for the gate, then print where everything is."""
        stopping = asyncio.ensure_future(self._stop_asked.wait())
        ready = asyncio.ensure_future(self.gate.settled())
        await asyncio.wait([stopping, ready], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ready.done():
            ready.cancel()
            return
        try:
            ready.result()
        except (StartError, CrashError) as fault:
            raise UserError(f"the gate did not start: {fault}") from fault
        for line in banner(self.site, time.time() - self.started):
            self.logs.say(line)
        self._manager.ready(f"Serving {self.site.name} at {self.site.url}")

    def _watch(self) -> None:
        from portico.serve.watch import watch

        self.around.task(watch(self))

    async def _become(self, site: Site, launches: Mapping[str, Launch], what: Difference) -> None:
        ports.check_free(site, held=ports.addresses(self.site))
        added = {name: Service(launches[name], self.around) for name in what.added}
        old_site, self.site = self.site, site
        try:
            write_whole(self._run.site_json, to_json(site))
            self.apps |= added
            await self.front.reload(site, self.releases())
        except BaseException:
            self.site = old_site
            for name, service in added.items():
                self.apps.pop(name, None)
                await service.stop(0)
            with contextlib.suppress(OSError):
                write_whole(self._run.site_json, to_json(old_site))
            raise
        for service in added.values():
            service.begin()
        for name in what.removed:
            service = self.apps.pop(name)
            self.around.task(service.stop(DRAIN_LIMIT))
            self.logs.forget(name)
        gate = [(self.gate, self._gate_launch())] if what.gate else []
        await self._replace([*gate, *((self.apps[name], launches[name]) for name in what.changed)])

    async def _replace(self, services: list[tuple[Service, Launch]]) -> None:
        results = await asyncio.gather(*(s.replace(launch) for s, launch in services), return_exceptions=True)
        problems = []
        for (service, _), result in zip(services, results, strict=True):
            if isinstance(result, StartError):
                problems += [*service.last_words(), f"{service.launch.name}: {result}"]
            elif isinstance(result, BaseException):
                raise result
        if problems:
            raise UserError("\n".join(problems))

    async def _drain(self) -> None:
        """Front first, so that what it has accepted reaches the apps; then apps and gate."""
        self.logs.say("stopping")
        self._manager.stopping()
        end = time.monotonic() + (DEV_DRAIN_LIMIT if self.settings.dev else DRAIN_LIMIT)

        async def orderly() -> None:
            quitting = asyncio.ensure_future(self.front.quit(max((end - time.monotonic()) * 0.8, 1)))
            while not (await asyncio.wait([quitting], timeout=CALM))[0]:
                for service in self.apps.values():
                    service.end_websockets()
            left = max(end - time.monotonic(), 1)
            await asyncio.gather(*(service.stop(left) for service in (self.gate, *self.apps.values())))

        now = asyncio.ensure_future(self._now.wait())
        work = asyncio.ensure_future(orderly())
        await asyncio.wait([now, work], return_when=asyncio.FIRST_COMPLETED)
        now.cancel()
        if not work.done():
            work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    def _kill_all(self) -> None:
        self.front.kill()
        for service in (self.gate, *self.apps.values()):
            service.kill()

    def _note_pids(self) -> None:
        """Write down the processes soon; many changes at once are one write."""
        if not self._noting:
            self._noting = True
            asyncio.get_running_loop().call_later(0.05, self._write_pids)

    def _write_pids(self) -> None:
        self._noting = False
        pids = [
            worker.pid for service in (self.gate, *self.apps.values()) for worker in service.workers.everyone
        ]
        if self.front.child is not None and self.front.child.alive:
            pids.append(self.front.child.pid)
        with contextlib.suppress(
            OSError
        ):  # on a full disk the site goes on; only a kill -9 could leave something
            leftovers.write_down(self._run.pids, pids)

    def _forget(self) -> None:
        for descriptor in (self._lifeline, self._lifeline_end):
            os.close(descriptor)
        with contextlib.suppress(OSError):
            self._run.clean()
            self._run.pids.unlink(missing_ok=True)
