"""Addresses in a site file: its URL, where the front listens, hosts, ports, paths, proxies, the database."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from portico.site.problems import Wrong, shown

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
RESERVED_PATH = "/-"


class Listen(NamedTuple):
    """Where the front listens: an IP address without brackets, and a port."""

    host: str
    port: int


def site_url(text: str) -> str:
    """The public URL in one spelling: lower-case scheme and host, no default port, no trailing slash."""
    parts = _split(text)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise Wrong(f'not a URL: {shown(text)}; write it like "https://apps.example.com"')
    if parts.username is not None or parts.query or parts.fragment:
        raise Wrong(
            f"only a scheme, a host and a port belong here: {shown(f'{parts.scheme}://{parts.hostname}')}"
        )
    if parts.path.strip("/"):
        raise Wrong(f"a site has a host of its own, so its URL ends before {shown(parts.path)}")
    number = _port_of(parts, text)
    shown_port = "" if number in (None, _DEFAULT_PORTS[parts.scheme]) else f":{number}"
    bare = parts.hostname
    name = f"[{ipaddress.IPv6Address(bare)}]" if ":" in bare else host(bare, address_allowed=True)
    return f"{parts.scheme}://{name}{shown_port}"


def origin(text: str) -> str:
    """Another site's scheme, host and port, as its pages' origin."""
    try:
        return site_url(text)
    except Wrong:
        raise Wrong(f'not an origin: {shown(text)}; write it like "https://portal.example.org"') from None


def host_of(url: str) -> str:
    """The host of a checked URL, without brackets and port."""
    return urlsplit(url).hostname or ""


def port_of(url: str) -> int:
    """The port of a checked URL, the scheme's own when it names none."""
    parts = urlsplit(url)
    return parts.port or _DEFAULT_PORTS[parts.scheme]


def is_loopback(name: str) -> bool:
    """Whether a host name or address always means this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return is_address(name) and ipaddress.ip_address(name).is_loopback


def is_address(name: str) -> bool:
    """Whether a host is an IP address and not a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def listen(text: str) -> Listen:
    """The address in "127.0.0.1:8000", "[::1]:8000", "localhost:8000", or ":8000" for every interface."""
    name, colon, number = text.strip().rpartition(":")
    if not colon or not number.isdecimal():
        raise Wrong(f'not an address: {shown(text)}; write "127.0.0.1:8000", or ":8000" for every interface')
    if name in ("", "*"):
        name = "0.0.0.0"  # noqa: S104 - the person asked for every interface
    elif name == "localhost":
        name = "127.0.0.1"
    try:
        address = ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise Wrong(f'not an IP address: {shown(name)}; write it like "127.0.0.1:{number}"') from None
    return Listen(str(address), port(int(number)))


def port(value: object) -> int:
    """A TCP port from 1 to 65535."""
    if not isinstance(value, int) or isinstance(value, bool):
        plain = f"; write {value} without quotes" if isinstance(value, str) and value.isdecimal() else ""
        raise Wrong(f"expected a port like 5000, not {shown(value)}{plain}")
    if not 1 <= value <= 65535:
        raise Wrong(f"not a port: {value}; ports go from 1 to 65535")
    return value


def host(text: str, *, address_allowed: bool = False) -> str:
    """A host name in lower case, international letters in their ASCII form."""
    name = text.strip().lower().removesuffix(".")
    if "://" in name or "/" in name or ":" in name:
        raise Wrong(f'only the host name belongs here: {shown(text)}; write it like "sales.example.com"')
    if re.fullmatch(r"[\d.]+", name, re.ASCII):
        return _address(name, address_allowed)
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        raise Wrong(f"not a host name: {shown(text)}") from None
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise Wrong(f"not a host name: {shown(text)}")
    return name


def path(text: str) -> str:
    """A path on the site: starts with "/", plain segments, no trailing slash except "/" itself."""
    if not text.startswith("/"):
        raise Wrong(f'a path starts with "/": write {shown("/" + text.strip("/"))}')
    trimmed = text.rstrip("/") or "/"
    if trimmed == "/":
        return "/"
    for segment in trimmed[1:].split("/"):
        if segment in ("", ".", ".."):
            raise Wrong(f'{shown(text)} has an empty, "." or ".." part')
        odd = _SEGMENT.sub("", segment)
        if odd:
            raise Wrong(f'{shown(text)} contains {shown(odd[0])}; use letters, digits, "-", "_", "." and "~"')
    if trimmed.lower() == RESERVED_PATH or trimmed.startswith(RESERVED_PATH + "/"):
        raise Wrong(
            f'{shown(text)} is reserved: everything under "/-/" is Portico\'s own (sign-in, profile, ...)'
        )
    return trimmed


def proxy(text: str) -> str:
    """An address or network, like "10.0.0.7" or "10.0.0.0/8"."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise Wrong(f'not an IP address or network: {shown(text)}; write it like "10.0.0.0/8"') from None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def database(text: str) -> str:
    """An SQLAlchemy URL for SQLite or PostgreSQL. Messages leave out the rest: it may hold a password."""
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        raise Wrong('not a database URL; write it like "postgresql://user:password@host/name"')
    dialect = scheme.partition("+")[0]
    if dialect == "postgres":  # what hosting services hand out; SQLAlchemy knows the full name only
        return f"postgresql://{rest}"
    if dialect not in ("sqlite", "postgresql"):
        raise Wrong(f'"{dialect}" is not supported; use sqlite:/// or postgresql://')
    if dialect == "sqlite" and rest.partition("?")[0] in ("", "/", "/:memory:"):
        raise Wrong('a database in memory is lost at every restart; name a file: "sqlite:///portico.db"')
    return text.strip()


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text.strip())
    except ValueError:
        raise Wrong(f'not a URL: {shown(text)}; write it like "https://apps.example.com"') from None


def _port_of(parts: SplitResult, text: str) -> int | None:
    try:
        number = parts.port
    except ValueError:
        raise Wrong(f"not a port in {shown(text)}; ports go from 1 to 65535") from None
    return None if number is None else port(number)


def _address(name: str, address_allowed: bool) -> str:
    try:
        address = ipaddress.IPv4Address(name)
    except ValueError:
        raise Wrong(f"not a host name or IP address: {shown(name)}") from None
    if not address_allowed:
        raise Wrong(f'a host is a name, not the address {shown(name)}; write it like "sales.example.com"')
    return str(address)
