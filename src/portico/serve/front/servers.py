"""Which nginx server answers for which host and port, and which apps it has under which prefix."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from portico.site import App, Site

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Mount:
    """One app under one prefix ("/sales", or "" at a root)."""

    app: App
    prefix: str


@dataclass(frozen=True, slots=True)
class Server:
    """One nginx server. `listen` is "address:port"; `name` the host it answers for, None for all others.

    `host` is what apps are told as Host. `origin` stands before the request's address in the `next` of a
    sign-in: "" on the site's own URL, "https://sales.example.com" elsewhere. The gate is on the `main` one.
    """

    listen: str
    name: str | None
    host: str
    origin: str
    mounts: tuple[Mount, ...]
    main: bool

    @property
    def has_root(self) -> bool:
        """Whether an app owns "/" here."""
        return any(mount.prefix == "" for mount in self.mounts)

    @property
    def gate_locations(self) -> list[str]:
        """Where the gate answers: all below /-/ and the portal; on an app's own host what it needs."""
        if not self.main:
            return ["= /-/enter", "^~ /-/share/", "^~ /-/frame/", "^~ /-/static/"]
        return ["^~ /-/", "^~ /-/static/"] if self.has_root else ["^~ /-/", "^~ /-/static/", "= /"]


def servers(site: Site) -> list[Server]:
    """The main server, then one for each app's own host, then one for each app's own port."""
    url = urlsplit(site.url)
    port = f":{url.port}" if url.port not in (None, DEFAULT_PORTS.get(url.scheme)) else ""
    by_path = tuple(Mount(app, app.prefix) for app in site.apps if app.path is not None)
    found = [Server(_listen(site, site.listen_port), None, url.netloc, "", by_path, main=True)]
    for app in site.apps:
        alone = (Mount(app, ""),)
        if app.host is not None:
            host = f"{app.host}{port}"
            listen = _listen(site, site.listen_port)
            found.append(Server(listen, app.host, host, f"{url.scheme}://{host}", alone, main=False))
        if app.port is not None:
            host = f"{bracketed(url.hostname or 'localhost')}:{app.port}"
            listen = _listen(site, app.port)
            found.append(Server(listen, None, host, f"{url.scheme}://{host}", alone, main=False))
    return found


def _listen(site: Site, port: int) -> str:
    return f"{bracketed(site.listen_host)}:{port}"


def bracketed(host: str) -> str:
    """The host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
