"""The front as a process: nginx with the site's files, restarted when it dies, told when they change."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from portico.errors import UserError
from portico.serve.backoff import Backoff
from portico.serve.front_lines import FrontLines
from portico.serve.launch import FRONT
from portico.serve.ports import reachable_at
from portico.serve.process import Child, ending
from portico.serve.rundir import write_whole
from portico.serve.workers import Surroundings
from portico.site.model import Site

PATIENCE = 20.0  # seconds nginx may take to listen
BINDER = Path(__file__).with_name("with_parent.py")


class Front:
    """The site's nginx. Its log lines carry the name `front`."""

    def __init__(self, around: Surroundings, dev: bool) -> None:
        self._around = around
        self._folder = around.run.nginx
        self._dev = dev
        self._binary = Path()
        self._files: dict[str, str] = {}
        self._backoff = Backoff()
        self._stopping = False
        self._where = ("", 0)
        self.child: Child | None = None
        self.restarts = 0
        self.since = time.time()

    async def start(self, site: Site, release: Mapping[str, str]) -> None:
        """Write nginx's files, start it and wait until it listens. UserError: it did not."""
        from portico.serve.front import nginx_binary  # its templates cost time that the gate can use to start

        self._binary = nginx_binary()
        self._files = self._render(site, release)
        self.forget_bundles()
        self._write(self._files, {})
        self._where = (site.listen_host, site.listen_port)
        lines = FrontLines(self._around.run.lines, self._send)
        lines.begin()
        await self._spawn()
        self._around.task(self._keep())
        self._around.task(lines.keep())

    async def reload(self, site: Site, release: Mapping[str, str]) -> bool:
        """Let nginx serve the site as it is now; whether anything changed.

        UserError: nginx refuses the new files; the old ones stay.
        """
        files = self._render(site, release)
        if files == self._files:
            return False
        before = self._files
        self._write(files, before)
        problem = await self._test()
        if problem:
            self._write(before, files)
            raise UserError(f"the front refuses the new site: {problem}")
        self._files = files
        self._where = (site.listen_host, site.listen_port)
        if self.child is not None:
            self.child.send(signal.SIGHUP)
        return True

    async def quit(self, limit: float) -> None:
        """Let it finish the requests in flight; after `limit` seconds it is killed."""
        self._stopping = True
        if self.child is not None:
            self.child.send(signal.SIGQUIT)
            await asyncio.wait([self.child.exited], timeout=limit)
            self.kill()
            await asyncio.wait([self.child.exited], timeout=5)

    def forget_bundles(self) -> None:
        """Drop the cached bundles and assets: an app has new code, or the site starts.

        nginx fetches again what it finds missing. A reload of nginx would do it too, but it closes idle connections.
        """
        for folder in (self._around.run.cache / "bundles").glob("*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _send(self, number: signal.Signals) -> None:
        if self.child is not None and self.child.alive:
            self.child.send(number)

    def kill(self) -> None:
        """End nginx and its workers now."""
        self._stopping = True
        if self.child is not None:
            self.child.kill()

    async def _spawn(self) -> None:
        from portico.serve.front import nginx_command

        command = nginx_command(self._binary, self._folder)
        lifeline = self._around.lifeline
        said: list[str] = []

        def hear(text: str) -> None:
            if text.startswith("@"):  # `portico dev`: a request, with its app's name in front
                app, _, request = text[1:].partition(" ")
                self._around.logs.add(app or FRONT, request)
                return
            said.append(text)
            del said[:-5]
            self._around.logs.add(FRONT, text)

        self.child = Child(
            [sys.executable, "-I", "-S", str(BINDER), str(os.getpid()), str(lifeline), *command],
            env={key: value for key, value in os.environ.items() if not key.startswith("PORTICO_")},
            cwd=self._folder,
            pass_fds=[lifeline],
            on_line=hear,
        )
        self.since = time.time()
        self._around.changed()
        await self._until_it_listens(self.child, said)

    async def _until_it_listens(self, child: Child, said: list[str]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await reachable_at(*self._where):
            if not child.alive:
                raise UserError(f"the front (nginx) ended: {' '.join(said) or ending(child.exited.result())}")
            if time.monotonic() > deadline:
                child.kill()
                raise UserError(f"the front (nginx) does not listen after {PATIENCE:g} s: {' '.join(said)}")
            await asyncio.sleep(0.01)

    async def _keep(self) -> None:
        """Start nginx again whenever it ends by itself. Its workers ended with it: they are in its group."""
        while True:
            assert self.child is not None  # noqa: S101 - `start` made it
            code = await asyncio.shield(self.child.exited)
            if self._stopping:
                return
            up_for = time.time() - self.since
            self._around.changed()
            delay = self._backoff.after(up_for)
            self._around.logs.say(f"the front (nginx) ended: {ending(code)}; starting it again")
            await asyncio.sleep(delay)
            if self._stopping:
                return
            self.restarts += 1
            with contextlib.suppress(
                UserError
            ):  # logged by nginx itself; the next turn of the loop tries again
                await self._spawn()

    async def _test(self) -> str:
        from portico.serve.front import nginx_command

        said: list[str] = []
        child = Child(
            nginx_command(self._binary, self._folder, test=True),
            env=os.environ,
            cwd=self._folder,
            pass_fds=(),
            on_line=said.append,
        )
        code = await child.exited
        return " ".join(said) if code else ""

    def _render(self, site: Site, release: Mapping[str, str]) -> dict[str, str]:
        from portico.serve.front import FrontLayout, render

        run = self._around.run
        layout = FrontLayout(
            sockets=run.sockets,
            starting=run.starting,
            crashed=run.crashed,
            nginx=run.nginx,
            cache=run.cache,
            lines=run.lines if site.insight.enabled and not self._dev else None,
        )
        return render(site, layout, release, self._dev)

    def _write(self, files: Mapping[str, str], before: Mapping[str, str]) -> None:
        for name, text in files.items():
            if before.get(name) != text:
                place = self._folder / name
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_whole(place, text)
        for name in before.keys() - files.keys():
            with contextlib.suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)
