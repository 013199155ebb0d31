"""TCP addresses of the front: free before the start, answering after it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Iterable

from portico.errors import UserError
from portico.site.model import Site

Address = tuple[str, int]


def addresses(site: Site) -> list[Address]:
    """Every address the front of this site listens at: the site's own, then the apps' own ports."""
    return list(_settings(site))


def check_free(site: Site, held: Iterable[Address] = ()) -> None:
    """UserError with one line for each address that cannot be listened at, and who has it; `held` are our own."""
    ours = set(held)
    wanted = [(place, setting) for place, setting in _settings(site).items() if place not in ours]
    problems = [problem for place, setting in wanted if (problem := _problem(*place, setting))]
    if problems:
        raise UserError("\n".join(problems))


def _settings(site: Site) -> dict[Address, str]:
    """Each address, and the setting of an app that asks for it; nothing for the site's own."""
    own = {(site.listen_host, app.port): f"apps.{app.name}.port" for app in site.apps if app.port is not None}
    return {(site.listen_host, site.listen_port): ""} | own


async def reachable_at(host: str, port: int) -> bool:
    """Whether something accepts connections there now."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - "every interface" is asked on one
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 1.0)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _problem(host: str, port: int, setting: str) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    where = f"{setting}: " if setting else ""
    repair = "choose another there" if setting else "choose another with --port, or `listen` in portico.toml"
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"{where}{place} is taken{_by_whom(port)}; {repair}"
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"{where}{place}: this user may not listen at a port below 1024; {repair}"
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{place}: this machine has no such address; see `listen` in portico.toml"
        return f"{place}: {os.strerror(error.errno or 0)}"
    return ""


def _by_whom(port: int) -> str:
    """ " by nginx (process 123)", or "" when the system does not tell."""
    import psutil

    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return ""
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            with contextlib.suppress(psutil.Error):
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""
