"""One child process: the leader of its own session, its output as lines, its end as a future."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LONGEST_LINE = 16 * 1024
READ_AT_ONCE = 64 * 1024


class Child:
    """One started process. `exited` becomes its return code (negative: the signal that ended it).

    It leads a session and a group of its own: Ctrl-C in the terminal reaches only the supervisor,
    and what the process leaves behind is ended with it. stdout and stderr come as lines to `on_line`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        pass_fds: Sequence[int],
        on_line: Callable[[str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_line = on_line
        self._partial = b""
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self._output, ours = os.pipe()
        try:
            self._popen = subprocess.Popen(
                list(argv),
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=ours,
                stderr=ours,
                pass_fds=tuple(pass_fds),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._output)
            raise
        finally:
            os.close(ours)
        self.pid = self._popen.pid
        os.set_blocking(self._output, False)
        self._loop.add_reader(self._output, self._read)
        self._watch_exit()

    @property
    def alive(self) -> bool:
        """Whether the process has not ended yet."""
        return not self.exited.done()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone; nothing happens when it has ended."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process and everything in its group, now."""
        if self.alive:
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _watch_exit(self) -> None:
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # macOS, or a sandbox without pidfd
            threading.Thread(target=self._wait_in_thread, name=f"wait-{self.pid}", daemon=True).start()
        else:
            self._loop.add_reader(self._pidfd, self._ended)

    def _wait_in_thread(self) -> None:
        self._popen.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            self._loop.call_soon_threadsafe(self._finish)

    def _ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._finish()

    def _finish(self) -> None:
        # With a pidfd the process is still a zombie here, so its group's number is nobody else's.
        self._kill_group()
        code = self._popen.wait()
        self._read()
        self._close_output()
        if not self.exited.done():
            self.exited.set_result(code)

    def _read(self) -> None:
        """Take what there is to read, within a bound: one chatty app must not hold up the others."""
        if self._output < 0:
            return
        for _ in range(4):
            try:
                data = os.read(self._output, READ_AT_ONCE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._close_output()
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._emit(line)
        if len(self._partial) > LONGEST_LINE:
            self._emit(self._partial)
            self._partial = b""

    def _emit(self, line: bytes) -> None:
        for start in range(0, len(line) or 1, LONGEST_LINE):
            self._on_line(line[start : start + LONGEST_LINE].decode("utf-8", "replace").rstrip("\r"))

    def _close_output(self) -> None:
        if self._output < 0:
            return
        self._loop.remove_reader(self._output)
        os.close(self._output)
        self._output = -1
        if self._partial:
            self._emit(self._partial)
            self._partial = b""


def ending(code: int) -> str:
    """How a process ended, for a person: "exit code 1" or "killed by SIGKILL"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
