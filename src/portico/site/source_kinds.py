"""What may stand in `[sso.NAME]`, `[ldap]` and `[trusted_header]`: a checked value, or Wrong says why not."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from portico.site import addresses, kinds
from portico.site.problems import Wrong, shown
from portico.site.sources import FactorsThere, Joins

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}", re.ASCII)
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}|[0-9]+(\.[0-9]+)+", re.ASCII)
_WORD = re.compile(r"[!#-\[\]-~]+", re.ASCII)
_TAKEN = frozenset(
    {"host", "cookie", "authorization", "connection", "content-length", "content-type", "upgrade"}
)


def issuer(text: str) -> str:
    """A provider's issuer, letter by letter as it stands in its tokens: https, or http on this machine."""
    found = _address(text, "https://login.example.org/tenant")
    if urlsplit(found).query:
        raise Wrong(f"an issuer has no query: {shown(text)}")
    return found


def page(text: str) -> str:
    """An address to send a browser to."""
    return _address(text, "https://login.example.org/sign-out")


def directory_url(text: str) -> str:
    """ldaps://host[:port] or ldap://host[:port]."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise Wrong(f'not a directory: {shown(text)}; write it like "ldaps://ldap.example.org"') from None
    if parts.scheme not in ("ldap", "ldaps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Wrong(f'not a directory: {shown(text)}; write it like "ldaps://ldap.example.org"')
    if parts.username is not None or parts.password is not None:
        raise Wrong(
            "a name and a password do not belong in the URL; use bind_dn and PORTICO_LDAP_PASSWORD_FILE"
        )
    host = parts.hostname if ":" in parts.hostname else addresses.host(parts.hostname, address_allowed=True)
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown_host}" + (f":{port}" if port else "")


def _address(text: str, example: str) -> str:
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError:
        raise Wrong(f"not a URL: {shown(text)}; write it like {shown(example)}") from None
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise Wrong(f"not a URL: {shown(text)}; write it like {shown(example)}")
    if parts.username is not None or parts.fragment:
        raise Wrong(f"no name, password or # belongs here: {shown(text)}")
    if parts.scheme == "http" and not addresses.is_loopback(parts.hostname):
        raise Wrong("use https://; http:// is for a provider on this machine, while developing")
    return text.strip()


def login_filter(text: str) -> str:
    """A filter that finds a person by what they typed."""
    return _template(text, "login", "(mail={login})")


def group_filter(text: str) -> str:
    """A filter that finds the groups of an entry."""
    return _template(text, "dn", "(member={dn})")


def _template(text: str, part: str, example: str) -> str:
    rest = text.replace(f"{{{part}}}", "")
    if f"{{{part}}}" not in text or "{" in rest or "}" in rest:
        raise Wrong(f"a filter has {{{part}}} in it and no other braces: {shown(example)}")
    if not (text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")")):
        raise Wrong(f"a filter stands in brackets: {shown(example)}")
    return text


def attribute(text: str) -> str:
    """The name of an attribute, or its number."""
    if not _ATTRIBUTE.fullmatch(text):
        raise Wrong(f'not an attribute: {shown(text)}; write it like "mail"')
    return text


def header(text: str) -> str:
    """The name of a header that has no meaning of its own."""
    if not _HEADER.fullmatch(text):
        raise Wrong(f'not a header: {shown(text)}; write it like "X-Forwarded-Email"')
    if text.lower() in _TAKEN or text.lower().startswith("x-portico-"):
        raise Wrong(f"the header {text} has a meaning of its own; use another")
    return text


def scopes(value: object) -> tuple[str, ...]:
    """What to ask a provider for; `openid` always."""
    found: tuple[str, ...] = kinds.ACCESS.read(value)
    for scope in found:
        if not _WORD.fullmatch(scope):
            raise Wrong(f"not a scope: {shown(scope)}")
    return found if "openid" in found else ("openid", *found)


def trusted_addresses(value: object) -> bool | tuple[str, ...]:
    """All addresses, none, or those at some domains."""
    if isinstance(value, bool):
        return value
    domains: tuple[str, ...] = kinds.HOSTS.read(value)
    if not domains:
        raise Wrong('an empty list trusts nothing; write false, or domains like ["example.org"]')
    return domains


def factors_there(value: object) -> FactorsThere:
    """Whose word for a second factor counts."""
    words: tuple[str, ...] = kinds.ACCESS.read(value)
    if words in (("here",), ("trusted",)):
        return FactorsThere(by_amr=words == ("trusted",))
    if not words or {"here", "trusted"} & set(words):
        raise Wrong('write "here", "trusted", or a list of the acr values that mean several factors')
    for word in words:
        if not _WORD.fullmatch(word):
            raise Wrong(f"not a value of acr: {shown(word)}")
    return FactorsThere(by_acr=words)


def joins_there(value: object) -> Joins:
    """Which accounts a provider or a directory opens; never all."""
    if value == Joins.ALL:
        raise Wrong('"all" is for a trusted header; write "unused", or have each owner asked')
    joins: Joins = kinds.choice(Joins).read(value)
    return joins


def peers(value: object) -> tuple[str, ...]:
    """Addresses of proxies, which are somebody and not everybody."""
    found: tuple[str, ...] = kinds.PROXIES.read(value)
    for peer in found:
        if peer.endswith("/0"):
            raise Wrong(f"{shown(peer)} is everybody: name the proxy's own address")
    if not found:
        raise Wrong("an empty list believes nobody; name the proxy's address")
    return found
