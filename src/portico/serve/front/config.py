"""Renders the front from the site: one nginx.conf and its pages. Why so: docs/explanation/front.md."""

from __future__ import annotations

import grp
import math
import os
import pwd
import re
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from portico.errors import UserError
from portico.serve.front.headers import VOUCHED_HEADERS, stripped
from portico.serve.front.pages import render_pages
from portico.serve.front.servers import Mount, Server, bracketed, servers
from portico.serve.sockets import slot_path
from portico.site import App, PathRule, Site

# The signed identity inside a cached answer is valid for 60 s; an answer must be gone long before.
LONGEST_CHECK_CACHE = 30
CONNECTIONS = 4096
OPEN_CHECKS = 1024
# One of nginx's processes keeps two cores of Python busy; more of them only wake each other up.
MOST_PROCESSES = 4


@dataclass(frozen=True, slots=True)
class FrontLayout:
    """Where the front finds and puts things; all absolute, all made by the supervisor.

    `sockets` holds <app>.sock and gate.sock; `starting` and `crashed` one marker file for each app in that
    state; `nginx` gets nginx.conf, errors/ and nginx's temporary files; `cache` keeps bundles between starts;
    `lines` gets one line a request for insight (None: nothing is noted).
    """

    sockets: Path
    starting: Path
    crashed: Path
    nginx: Path
    cache: Path
    lines: Path | None = None


def render(site: Site, layout: FrontLayout, release: Mapping[str, str], dev: bool) -> dict[str, str]:
    """Every file of the front by its path relative to `layout.nginx`: "nginx.conf" and "errors/...".

    `release` maps an app's name to what its cached bundles are keyed by; an app without one is not cached,
    nor is any in `dev`. Raises UserError for a path that nginx cannot be told.
    """
    environment = Environment(
        loader=PackageLoader("portico.serve.front", "nginx"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - an nginx configuration, not HTML; every value goes through `quoted`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["quoted"] = quoted
    environment.filters["text"] = text
    environment.filters["literal"] = literal
    environment.filters["shown"] = shown
    environment.filters["regex"] = re.escape
    environment.filters["loose_regex"] = _loose_regex
    environment.filters["beginnings"] = _beginnings
    found = servers(site)
    conf = environment.get_template("nginx.conf.j2").render(
        site=site,
        layout=layout,
        dev=dev,
        release={} if dev else dict(release),
        servers=found,
        ruled=_ruled(found),
        upstreams=_upstreams(site, layout),
        own_hosts=_own_hosts(site),
        machine=_machine(layout),
        check_seconds=_check_seconds(site),
        drain_seconds=int(max([60.0, *(app.request_timeout for app in site.apps)])),
        cookie=re.escape(site.session_cookie),
        guest_cookie=re.escape(site.guest_cookie("")),
        own_cookie=f"(?:{re.escape(site.session_cookie)}|{re.escape(site.guest_cookie(''))}[a-z0-9_-]*)",
        token_burst=max(1, site.tokens.rate // 6),
        token_wait=max(1, math.ceil(60 / site.tokens.rate)),
        gate_host=urlsplit(site.url).netloc,
        scheme=urlsplit(site.url).scheme,
        referer_paths="|".join(_referer_paths(site)),
        read_timeout=_read_timeout,
        stripped_headers=stripped(site),
        vouched_headers=VOUCHED_HEADERS,
    )
    return {"nginx.conf": conf} | {f"errors/{name}": page for name, page in render_pages(site).items()}


def quoted(value: object) -> str:
    """The value as one nginx parameter in which nothing is a variable; UserError if it can't be written."""
    return text(literal(value))


def shown(value: object) -> str:
    """Text for people as one nginx parameter that means exactly this text."""
    printable = "".join(character if character.isprintable() else " " for character in str(value))
    return text(printable.replace("$", "${portico_dollar}"))


def literal(value: object) -> str:
    """The value itself, when it holds no variable; UserError when it does."""
    plain = str(value)
    if "$" in plain:
        raise UserError(f"nginx cannot take a path or address with a dollar sign: {plain}")
    return plain


def text(value: object) -> str:
    """The value as one nginx parameter in which `$name` is a variable; UserError for control characters."""
    plain = str(value)
    if any(ord(character) < 32 or ord(character) == 127 for character in plain):
        raise UserError(f"nginx cannot take a path or address with control characters: {plain!r}")
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class _Machine:
    """What the machine allows: `user` is "name group" when nginx starts as root, else None."""

    user: str | None
    processes: int
    files: int
    connections: int
    open_checks: int


def _machine(layout: FrontLayout) -> _Machine:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 16384 if hard == resource.RLIM_INFINITY else min(hard, 16384)
    open_checks = min(OPEN_CHECKS, files // 8)
    return _Machine(
        user=_workers_user(layout.nginx) if os.geteuid() == 0 else None,
        processes=max(1, min(MOST_PROCESSES, (os.cpu_count() or 1) // 2)),
        files=files,
        connections=min(CONNECTIONS, max(64, files - open_checks - 64)),
        open_checks=open_checks,
    )


def _workers_user(folder: Path) -> str:
    """The owner of the run directory: who else could open the sockets in it (mode 0700)?

    When root runs the site in a folder of root's, the runners are root's too, and so are nginx's workers.
    """
    try:
        found = folder.stat()
        return f"{pwd.getpwuid(found.st_uid).pw_name} {grp.getgrgid(found.st_gid).gr_name}"
    except (OSError, KeyError):
        return f"{pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name}"


def _own_hosts(site: Site) -> list[str]:
    """The names by which the site may be opened in development: its own, its apps', and this machine's."""
    named = [urlsplit(site.url).hostname, site.listen_host, *(app.host for app in site.apps)]
    return sorted({"localhost", "[::1]", *(bracketed(host) for host in named if host)})


def _upstreams(site: Site, layout: FrontLayout) -> dict[str, list[Path]]:
    """The sockets of the gate and of each app: one a worker, and a lone one twice, since a second try needs a second
    entry."""
    workers = {"gate": site.gate_workers} | {app.name: app.workers for app in site.apps}
    return {
        name: [slot_path(layout.sockets / f"{name}.sock", slot % many) for slot in range(max(2, many))]
        for name, many in workers.items()
    }


def _ruled(found: Sequence[Server]) -> list[tuple[Mount, PathRule]]:
    """Every path rule at every place where its app is, once each, the longest first."""
    mounts = dict.fromkeys(mount for server in found for mount in server.mounts)
    rules = [(mount, rule) for mount in mounts for rule in mount.app.paths]
    return sorted(rules, key=lambda found: -found[1].path.count("/"))


def _loose_regex(path: str) -> str:
    """A path as a careless program might read it: each segment with parameters, encoded "?" or "#", or spaces behind it."""
    return "".join(rf"/{re.escape(segment)}(?:[;?#][^/]*|\s+)?" for segment in path[1:].split("/"))


def _beginnings(mount: Mount, rule: PathRule) -> str:
    """What may stand before a rule's path in an address: the prefix, once or twice, or nothing where the rule has it."""
    prefix = re.escape(mount.prefix)
    least = 0 if mount.prefix and rule.path.lower().startswith(f"{mount.prefix.lower()}/") else 1
    return f"(?i:{prefix}){{{least},2}}"


def _referer_paths(site: Site) -> list[str]:
    """The apps' paths as regular expressions, the longest first, so that it wins."""
    paths = {app.path for app in site.apps if app.path is not None and app.path != "/"}
    return [re.escape(path) for path in sorted(paths, key=lambda path: (-len(path), path))]


def _check_seconds(site: Site) -> int:
    """How long nginx may reuse an answer. It counts whole seconds and lets the last one pass, hence one less."""
    return max(0, min(int(site.check_cache), LONGEST_CHECK_CACHE) - 1)


def _read_timeout(app: App) -> int:
    """Seconds until 504: a request that wakes an app waits for its import as well."""
    return int(max(app.request_timeout, app.start_timeout)) + 5
