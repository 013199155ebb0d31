"""Dash under a prefix: an unchanged app is told where it stands, whichever way it makes its Dash object.

The runner calls `install` before it imports the app and, on what that returns, `finish` after it. Apps that
never import Dash pay nothing: the public class is completed when, and only when, the module `dash` is
imported.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from portico.serve.runner import compression, dash_asgi, dash_jobs, dash_outputs, dash_pages
from portico.serve.runner.dash_page import Page, with_script
from portico.serve.runner.dash_prefix import Mount, mount

# Who imports one of these puts WSGI apps under paths of its own.
CARRIERS = ("werkzeug.middleware.dispatcher", "starlette.middleware.wsgi", "a2wsgi")
PREFIX_KEYS = ("url_base_pathname", "routes_pathname_prefix", "requests_pathname_prefix")


class DashPlace:
    """What one process knows of its Dash apps: the prefix, and where each Dash object was put."""

    def __init__(self, prefix: str, site_url: str, dev: bool) -> None:
        self.prefix = prefix
        self.site_url = site_url
        self.dev = dev
        self.mounts: WeakKeyDictionary[Any, Mount] = WeakKeyDictionary()
        self.pages: WeakKeyDictionary[Any, Page] = WeakKeyDictionary()
        self.notes: list[str] = []

    def put(self, app: Any) -> None:
        """Give a Dash object that has read its own settings, and made no routes yet, its place."""
        config = app.config
        place = mount(
            self.prefix,
            config.routes_pathname_prefix,
            config.requests_pathname_prefix,
            whole=backend_of(app) == "flask",
            inside=any(name in sys.modules for name in CARRIERS),
        )
        if place.note:
            self.notes.append(place.note)
            print(f"portico: {place.note}", file=sys.stderr, flush=True)
        config.routes_pathname_prefix = place.routes
        config.requests_pathname_prefix = place.requests
        if config.url_base_pathname is not None:
            # Apps compare it with the names of their views and with request.path, to guard them: as the routes.
            config.url_base_pathname = place.routes
        self.mounts[app] = place

    def index(self, app: Any, html: str) -> str:
        """The page with Portico's script in it, before the script that starts Dash's renderer."""
        page = self.pages.get(app)
        if page is None:
            others = os.environ.get("PORTICO_PREFIXES", "").split()
            page = self.pages[app] = Page.of(app, self.mounts[app], self.prefix, self.site_url, others)
        return with_script(html, page)

    def finish(self) -> None:
        """Complete what was imported: a way in at the root, and in dev Dash's development tools."""
        for app in self.mounts:
            if self.dev:
                app.enable_dev_tools(
                    debug=True, dev_tools_silence_routes_logging=True, dev_tools_disable_version_check=True
                )
        bases = {
            (app.server, mount.requests)
            for app, mount in self.mounts.items()
            if mount.routes != "/" and mount.requests != f"{self.prefix}/"
        }
        if len(bases) == 1:
            lead_to(*bases.pop())


def backend_of(app: Any) -> str:
    """What a Dash object stands on: "flask", "fastapi" or "quart"."""
    return str(getattr(getattr(app, "backend", None), "server_type", "flask"))


def lead_to(server: Any, base: str) -> None:
    """Let "/" of a server that has nothing there lead to `base`, where its only Dash app is."""
    if hasattr(server, "url_map"):  # Flask and Quart
        if all(rule.rule != "/" for rule in server.url_map.iter_rules()):
            server.add_url_rule("/", "portico_root", lambda: ("", 302, {"Location": base}))
    elif hasattr(server, "add_route") and all(getattr(r, "path", None) != "/" for r in server.routes):
        from starlette.responses import RedirectResponse

        server.add_route("/", lambda _request: RedirectResponse(base, 302), include_in_schema=False)


def install(prefix: str, site_url: str, dev: bool) -> DashPlace:
    """See to it that every Dash object of this process stands under `prefix`; call before the app's import.

    `prefix` is "/sales", or "" for an app at the root of its own host or port.
    """
    place = DashPlace(prefix, site_url, dev)
    if "dash" in sys.modules:
        complete(sys.modules["dash"], place)
    else:
        sys.meta_path.insert(0, DashFinder(place))
    return place


def complete(dash: ModuleType, place: DashPlace) -> None:
    """Wrap the public methods of Dash through which every app comes: init_app, index, pages, and the key of a job."""
    cls = dash.Dash
    if hasattr(dash, "hooks"):
        dash.hooks.setup(priority=1_000_000)(place.put)
    cls.init_app = _placed_init_app(cls.init_app, place)
    cls.index = _index_with_script(cls.index, place)
    if hasattr(cls, "enable_pages"):
        cls.enable_pages = dash_pages.as_nobody(cls.enable_pages)
    dash_jobs.keep_apart()
    dash_outputs.name(cls)


def _placed_init_app(original: Callable[..., Any], place: DashPlace) -> Callable[..., Any]:
    """Dash.init_app, which makes the routes: prefixes given here, late, come under the site's prefix too."""

    @functools.wraps(original)
    def init_app(self: Any, app: Any = None, **kwargs: Any) -> Any:
        late = {key: kwargs.pop(key) for key in PREFIX_KEYS if key in kwargs}
        if late or self not in place.mounts:
            _reopen(self.config, late)
            place.put(self)
        server = app if app is not None else self.server
        dash_asgi.before_init(server)
        result = original(self, app, **kwargs)
        dash_asgi.after_init(server)
        config = self.config
        compression.compress(
            server, config.routes_pathname_prefix, config.assets_url_path, keep=not place.dev
        )
        return result

    return init_app


def _reopen(config: Any, late: dict[str, str]) -> None:
    """Take prefixes that the app gave to init_app into its settings, as Dash itself would."""
    if hasattr(config, "unset_read_only"):
        config.unset_read_only(PREFIX_KEYS)
    base = late.get("url_base_pathname")
    if base is not None:
        late = {"routes_pathname_prefix": base, "requests_pathname_prefix": base, **late}
    elif "routes_pathname_prefix" in late:
        late = {"requests_pathname_prefix": late["routes_pathname_prefix"], **late}
    for key, value in late.items():
        config[key] = value


def _index_with_script(original: Callable[..., Any], place: DashPlace) -> Callable[..., Any]:
    @functools.wraps(original)
    def index(self: Any, *args: Any, **kwargs: Any) -> Any:
        html = original(self, *args, **kwargs)
        return place.index(self, html) if isinstance(html, str) and self in place.mounts else html

    return index


class DashFinder(importlib.abc.MetaPathFinder):
    """Finds the module `dash` as Python would, and completes it right after it was executed."""

    def __init__(self, place: DashPlace) -> None:
        self.place = place
        self.asking = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of the real `dash`, whose loader does one step more; None for every other name."""
        if name != "dash" or self.asking:
            return None
        self.asking = True  # another finder of this kind asks us in turn
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.asking = False
        if spec is not None and spec.loader is not None:
            self._extend(spec.loader)
        return spec

    def _extend(self, loader: Any) -> None:
        """Make this one loader object, which belongs to `dash` alone, complete the module at the end."""
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            if hasattr(module, "Dash"):
                complete(module, self.place)

        loader.exec_module = exec_module
