"""One worker of one app: read the spec, hold on to the supervisor, serve until told to stop."""

from __future__ import annotations

import os

from portico.serve.runner import lifeline
from portico.serve.runner.ending import Ending
from portico.serve.runner.spec import VARIABLE, Spec
from portico.serve.runner.status import Status


def main() -> None:
    """Be the worker that PORTICO_RUNNER describes."""
    ending = Ending()
    text = os.environ.pop(VARIABLE)  # neither the app nor its children need it
    spec = Spec.from_json(text)
    for fd in spec.fds:
        os.set_inheritable(fd, False)
    lifeline.watch(spec.lifeline_fd)
    os.chdir(spec.folder)
    status = Status(spec.status_fd)
    if spec.kind == "command":
        from portico.serve.runner.relay import serve_command

        serve_command(spec, status)
    else:
        from portico.serve.runner.worker import serve_python

        serve_python(spec, text, status)
        ending.finished()


if __name__ == "__main__":
    main()
