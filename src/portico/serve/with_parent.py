"""Starts a program that ends with its parent: `with_parent.py PARENT_PID LIFELINE_FD PROGRAM ARGS...`.

Run as a file by `python -I -S`: it imports only the standard library. On Linux the kernel sends SIGTERM when
the parent dies; elsewhere a small process stays beside and ends the group when the lifeline closes.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Bind this process to its parent, then become the program."""
    parent, lifeline, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    elif os.fork() == 0:
        while os.read(lifeline, 1):
            pass
        os.killpg(0, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we were bound to it
        sys.exit(1)
    os.close(lifeline)
    os.execv(program, sys.argv[3:])  # noqa: S606 - a program, not a shell


if __name__ == "__main__":
    main()
