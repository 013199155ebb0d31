"""What `portico dev` adds to an app in its own process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portico.serve.runner.recognition import FLASK, WebApp


def with_debugger(app: WebApp) -> WebApp:
    """A Flask app with Werkzeug's debugger on its error pages; any other app unchanged.

    The debugger runs code that the browser sends. Its own PIN guards it, and the supervisor asks for it
    only when the site listens on loopback.
    """
    if app.kind != FLASK:
        return app
    from werkzeug.debug import DebuggedApplication

    flask: Any = app.callable
    flask.debug = True
    return replace(app, callable=DebuggedApplication(flask, evalex=True))
