"""What is started for an app: the command, its environment, and what the runner is told. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from portico.serve.banner import app_addresses
from portico.serve.runner.interpreter import command_line
from portico.site.model import App, Site
from portico.site.targets import program_path

GATE = "gate"
FRONT = "front"
GATE_PREPARE = "portico.gate:prepare"
GATE_START_TIMEOUT = 120.0  # migrations of a large database included


@dataclass(frozen=True, slots=True)
class Launch:
    """How one app is served: two equal values need no new workers.

    `spec` is the runner's PORTICO_RUNNER without the file descriptors, as JSON; `environment` is complete.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    environment: tuple[tuple[str, str], ...]
    spec: str
    workers: int
    start_timeout: float
    sleep_after: float | None
    is_command: bool
    prepare: str | None = None
    # Of all apps. Not compared: an app that is added must not replace the workers of all the others.
    prefixes: tuple[str, ...] = field(default=(), compare=False)

    def env(self, fds: Mapping[str, int | None], first: bool) -> dict[str, str]:
        """The environment of one worker; only the `first` one prepares."""
        told = json.loads(self.spec) | dict(fds) | {"prepare": self.prepare if first else None}
        env = dict(self.environment) | {"PORTICO_RUNNER": json.dumps(told)}
        return env if self.name == GATE else env | {"PORTICO_PREFIXES": " ".join(self.prefixes)}


def for_app(site: Site, app: App, environ: Mapping[str, str], dev: bool) -> Launch:
    """The launch of an app. The site's own settings (database, mail, secrets) stay out of it."""
    env = {key: value for key, value in environ.items() if not key.startswith("PORTICO_")}
    env |= dict(app.environment)
    env |= {
        "PATH": program_path(app, environ),
        "PORTICO_APP": app.name,
        "PORTICO_SITE_URL": site.url,
        "PORTICO_IDENTITY_KEYS": str(site.state / "secrets" / "identity.jwks"),
        "PORTICO_PREFIX": app.prefix,
        "PYTHONUNBUFFERED": "1",
    }
    if (
        app.run.kind == "command"
    ):  # Panel's and Bokeh's servers refuse WebSockets from other addresses than these
        env.setdefault("BOKEH_ALLOW_WS_ORIGIN", ",".join(_hosts(site, app)))
    return Launch(
        name=app.name,
        argv=command_line(None if app.run.kind == "command" else app.python),
        cwd=app.folder,
        environment=tuple(sorted(env.items())),
        spec=_spec(site, app, dev),
        workers=app.workers,
        start_timeout=app.start_timeout,
        sleep_after=app.sleep_after,
        is_command=app.run.kind == "command",
        prefixes=tuple(sorted(other.prefix for other in site.apps if other.prefix)),
    )


def for_gate(site: Site, site_json: Path, environ: Mapping[str, str], dev: bool) -> Launch:
    """The launch of the gate: served like any app, but it keeps the site's settings and never sleeps."""
    env = dict(environ) | {"PORTICO_SITE_JSON": str(site_json), "PYTHONUNBUFFERED": "1"}
    spec = {
        "name": GATE,
        "run": {
            "kind": "object",
            "text": "portico.gate:create_gate()",
            "target": "portico.gate:create_gate()",
            "argv": [],
        },
        "folder": str(site.state),  # no Python file of the site's can be there to stand in for a module
        "prefix": "",
        "threads": 8,
        "request_timeout": 60.0,
        "start_timeout": GATE_START_TIMEOUT,
        "dev": dev,
        "site_url": site.url,
    }
    return Launch(
        name=GATE,
        argv=command_line(None),
        cwd=site.state,
        environment=tuple(sorted(env.items())),
        spec=json.dumps(spec),
        workers=site.gate_workers,
        start_timeout=GATE_START_TIMEOUT,
        sleep_after=None,
        is_command=False,
        prepare=GATE_PREPARE,
    )


def _hosts(site: Site, app: App) -> list[str]:
    """Host and port of each address of the app, as a browser names them in `Origin`."""
    return [urlsplit(address).netloc for address in app_addresses(site, app)]


def _spec(site: Site, app: App, dev: bool) -> str:
    return json.dumps(
        {
            "name": app.name,
            "run": {
                "kind": str(app.run.kind),
                "text": app.run.text,
                "target": app.run.target,
                "attribute": app.run.attribute,
                "argv": list(app.run.argv),
            },
            "folder": str(app.folder),
            "prefix": app.prefix,
            "threads": app.threads,
            "request_timeout": app.request_timeout,
            "start_timeout": app.start_timeout,
            "dev": dev,
            "site_url": site.url,
        }
    )
