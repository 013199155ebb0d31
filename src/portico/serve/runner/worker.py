"""Serving a Python app: load it, say what it is, put the adapter before it, and let the server run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from portico.serve.runner import dash_app, module_runs, own_paths, preparation, signals
from portico.serve.runner.drain import Drain
from portico.serve.runner.failure import LoadError, NoAppError
from portico.serve.runner.loading import is_made_under_main, load
from portico.serve.runner.recognition import FLASK, WebApp
from portico.serve.runner.spec import VARIABLE, Spec
from portico.serve.runner.stats import Stats
from portico.serve.runner.status import Status

TAKER = "simple_websocket"  # with it, Flask-Sock and Flask-SocketIO take over a connection for a WebSocket
AS_MAIN = "PORTICO_RUNNER_AS_MAIN"  # set when the process starts over to run an app's file as __main__


def serve_python(spec: Spec, text: str, status: Status) -> None:
    """Load the app of `spec` and serve it until SIGTERM. `text` is the spec as the environment had it."""
    drain = Drain()
    drain.listen()
    place = dash_app.install(spec.prefix, spec.site_url, spec.dev)
    module_runs.install()
    as_main = os.environ.pop(AS_MAIN, None) is not None
    try:
        notes = preparation.prepare(spec)
        app = _load(spec, text, as_main)
    except LoadError as error:
        status.fail(str(error))
    place.finish()
    if spec.dev:
        from portico.serve.runner.development import with_debugger

        app = with_debugger(app)
    os.register_at_fork(after_in_child=signals.forget)
    _serve(app, spec, [*notes, *place.notes], status, drain)


def _load(spec: Spec, text: str, as_main: bool) -> WebApp:
    """Import the app; begin again with its file as `__main__` when there is nothing to serve otherwise."""
    try:
        app = load(spec, as_main=as_main)
    except NoAppError:
        if not as_main and is_made_under_main(spec, None):
            _start_over(spec, text)
        raise
    if not as_main and is_made_under_main(spec, app):
        _start_over(spec, text)
    return app


def _start_over(spec: Spec, text: str) -> None:
    """Replace this process by a fresh one that runs the app's file as `__main__`.

    Fresh, because what the import left behind (Dash's global callbacks, pages, threads) must not be there
    twice.
    """
    for fd in spec.fds:
        os.set_inheritable(fd, True)
    environ = os.environ | {VARIABLE: text, AS_MAIN: "1"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)  # noqa: S606 - no shell


def _serve(app: WebApp, spec: Spec, notes: Sequence[str], status: Status, drain: Drain) -> None:
    stats = Stats(spec.stats_fd)
    if not app.is_asgi:
        from portico.serve.runner.server import serve_wsgi
        from portico.serve.runner.wsgi import WsgiAdapter

        whole = own_paths.whole_paths(getattr(app.callable, "app", app.callable), spec.prefix)
        takes_connections = TAKER in sys.modules
        if takes_connections and app.kind == FLASK and spec.prefix:
            from portico.serve.runner.flask_page import add_script

            add_script(getattr(app.callable, "app", app.callable), spec.prefix, spec.site_url)
        signals.attend()
        status.ready(app.kind, notes)
        adapter = WsgiAdapter(app.callable, stats=stats, drain=drain, whole=whole)
        if takes_connections:
            from portico.serve.runner.connection_server import serve_connections

            serve_connections(adapter.answer, spec.listen_fd)
            return
        serve_wsgi(adapter, spec.listen_fd, threads=spec.threads)
        return

    from portico.serve.runner.asgi import AsgiAdapter
    from portico.serve.runner.server import serve_asgi

    def started(problem: str | None) -> None:
        if problem is not None:
            print(problem, file=sys.stderr)  # frameworks put the whole traceback there
            last = (problem.strip().splitlines() or ["no reason given"])[-1]
            status.fail(f"{spec.text}: the app's start-up failed: {last}")
        status.ready(app.kind, notes)

    serve_asgi(AsgiAdapter(app.callable, stats=stats, drain=drain, started=started), spec.listen_fd)
