"""Which addresses belong to the site, and whether a place that a request names is one of them."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from werkzeug.wrappers import Request

from portico.site import App, Site

HOME = "/"
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\U0010ffff\\]")


def site_origin(site: Site) -> str:
    """Scheme, host and port of the site's URL, as a browser writes an origin."""
    parts = urlsplit(site.url)
    return f"{parts.scheme}://{parts.netloc}"


def app_origins(site: Site, app: App) -> tuple[str, ...]:
    """The origins of an app that has its own host or port; none when it only has a path."""
    parts = urlsplit(site.url)
    port = f":{parts.port}" if parts.port else ""
    found = []
    if app.host:
        found.append(f"{parts.scheme}://{app.host}{port}")
    if app.port:
        found.append(f"{parts.scheme}://{_host(parts.hostname)}:{app.port}")
    return tuple(found)


def own_hosts(site: Site) -> dict[str, App]:
    """The apps that have their own host, by the value of the Host header there."""
    parts = urlsplit(site.url)
    port = f":{parts.port}" if parts.port else ""
    return {f"{app.host}{port}": app for app in site.apps if app.host}


def declared(site: Site) -> frozenset[str]:
    """All origins that the site answers at."""
    return frozenset({site_origin(site)} | {origin for app in site.apps for origin in app_origins(site, app)})


def safe_next(site: Site, target: str | None) -> str:
    """`target` when it leads into this site, else the portal.

    A path, or an absolute URL at a declared origin.

    Everything that a browser might read as another host is refused: "//host", backslashes, control
    characters, white space, a user name, another scheme. Characters beyond ASCII must come percent-encoded,
    as browsers send them.
    """
    if not target or len(target) > 4096 or _UNSAFE.search(target):
        return HOME
    if target.startswith("/"):
        return target if not target.startswith("//") else HOME
    try:
        parts = urlsplit(target)
        origin = f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        return HOME
    if origin in declared(site) and target[len(origin) : len(origin) + 1] in ("", "/", "?", "#"):
        return target
    return HOME


def address_of(request: Request) -> str:
    """The path and query that the browser asked for, percent-encoded again."""
    query = request.query_string.decode("latin-1")
    return quote(request.path, safe="/~@!$&'()*+,;=:") + (f"?{query}" if query else "")


def _host(name: str | None) -> str:
    return f"[{name}]" if name and ":" in name else str(name)
