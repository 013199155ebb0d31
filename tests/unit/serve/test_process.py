"""One child process: its lines, its end, and what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil

from portico.serve.process import LONGEST_LINE, Child, ending


def child(code: str, lines: list[str]) -> Child:
    """A Python process that runs this code."""
    return Child(
        [sys.executable, "-c", code], env=os.environ, cwd=Path("/"), pass_fds=(), on_line=lines.append
    )


def test_output_comes_as_lines_whatever_it_is() -> None:
    """stdout and stderr, a last line without an end, bytes that are not text, a line of a megabyte."""
    lines: list[str] = []

    async def live() -> int:
        code = (
            "import sys, os\nprint('out', flush=True)\nprint('err', file=sys.stderr, flush=True)\n"
            "os.write(1, b'\\xff\\n' + b'x' * 1000000 + b'\\n')\nsys.stdout.write('no end')\nsys.exit(3)"
        )
        return await child(code, lines).exited

    assert asyncio.run(live()) == 3
    assert lines[:3] == ["out", "err", "�"]
    assert lines[-1] == "no end"
    assert sum(len(line) for line in lines if set(line) == {"x"}) == 1_000_000
    assert max(map(len, lines)) <= LONGEST_LINE


def test_what_a_process_leaves_behind_ends_with_it() -> None:
    """A grandchild in the same group is ended when its parent has ended, however that was."""
    lines: list[str] = []

    async def live() -> None:
        code = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)"
        one = child(code, lines)
        assert await one.exited == 0
        await asyncio.sleep(0.1)

    asyncio.run(live())
    grandchild = int(lines[0])
    assert not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE


def test_kill_ends_the_whole_group() -> None:
    """Kill reaches the process and all it started."""
    lines: list[str] = []

    async def live() -> int:
        code = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)\nimport time\ntime.sleep(600)"
        one = child(code, lines)
        while not lines:
            await asyncio.sleep(0.01)
        one.kill()
        return await one.exited

    assert asyncio.run(live()) == -signal.SIGKILL


def test_where_there_is_no_pidfd_a_thread_waits() -> None:
    """As on macOS."""

    async def live() -> int:
        return await child("import sys; sys.exit(5)", []).exited

    pidfd_open = os.pidfd_open
    del os.pidfd_open
    try:
        assert asyncio.run(live()) == 5
    finally:
        os.pidfd_open = pidfd_open


def test_an_ending_is_told_in_words() -> None:
    """For logs, status and the crashed page."""
    assert ending(0) == "exit code 0"
    assert ending(-9) == "killed by SIGKILL"
    assert ending(-99) == "killed by signal 99"
