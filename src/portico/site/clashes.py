"""What two apps, or an app and the site, cannot both have: paths, hosts, ports."""

from __future__ import annotations

from collections.abc import Callable

from portico.site.addresses import host_of, port_of
from portico.site.model import App, Site
from portico.site.problems import Problems


def check_clashes(site: Site, problems: Problems) -> None:
    """Note every path, host or port that is taken. A path under another app's is fine: the longest wins."""
    _distinct(site, "path", lambda app: app.path and app.path.lower(), problems)
    _distinct(site, "host", lambda app: app.host, problems)
    _distinct(site, "port", lambda app: app.port, problems)
    own_host = host_of(site.url)
    for app in site.apps:
        if app.host is not None and app.host == own_host:
            problems.add(
                f"apps.{app.name}.host",
                f'"{app.host}" is the site\'s own host; give the app a path there, or a host of its own',
            )
        if app.port is not None and app.port in _site_ports(site):
            problems.add(f"apps.{app.name}.port", f"{app.port} is the site's own port; choose another")


def _site_ports(site: Site) -> set[int]:
    return {site.listen_port, port_of(site.url)}


def _distinct(site: Site, key: str, value_of: Callable[[App], object], problems: Problems) -> None:
    first: dict[object, App] = {}
    for app in site.apps:
        value = value_of(app)
        if value is None:
            continue
        other = first.setdefault(value, app)
        if other is not app:
            theirs, ours = getattr(other, key), getattr(app, key)
            case = "" if theirs == ours else " (they differ only in case)"
            shown = f'"{ours}"' if isinstance(ours, str) else str(ours)
            problems.add(f"apps.{app.name}.{key}", f"{shown} is taken by apps.{other.name}{case}")
