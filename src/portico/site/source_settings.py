"""The settings of `[sso.NAME]`, `[ldap]` and `[trusted_header]`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from portico.site import addresses, kinds
from portico.site.kinds import Kind
from portico.site.model import SignUp
from portico.site.problems import Wrong, shown
from portico.site.schema import Setting

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}", re.ASCII)
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}|[0-9]+(\.[0-9]+)+", re.ASCII)
_TAKEN = frozenset(
    {"host", "cookie", "authorization", "connection", "content-length", "content-type", "upgrade"}
)


def issuer(text: str) -> str:
    """A provider's issuer, letter by letter as it stands in its tokens: https, or http on this machine."""
    return _address(text, "https://login.example.org/tenant")


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


def _issuer(text: str) -> str:
    if urlsplit(text).query:
        raise Wrong(f"an issuer has no query: {shown(text)}")
    return issuer(text)


def _login_filter(text: str) -> str:
    return _template(text, "login", "(mail={login})")


def _group_filter(text: str) -> str:
    return _template(text, "dn", "(member={dn})")


def _template(text: str, part: str, example: str) -> str:
    rest = text.replace(f"{{{part}}}", "")
    if f"{{{part}}}" not in text or "{" in rest or "}" in rest:
        raise Wrong(f"a filter has {{{part}}} in it and no other braces: {shown(example)}")
    if not (text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")")):
        raise Wrong(f"a filter stands in brackets: {shown(example)}")
    return text


def _attribute(text: str) -> str:
    if not _ATTRIBUTE.fullmatch(text):
        raise Wrong(f'not an attribute: {shown(text)}; write it like "mail"')
    return text


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise Wrong(f'not a header: {shown(text)}; write it like "X-Forwarded-Email"')
    if text.lower() in _TAKEN or text.lower().startswith("x-portico-"):
        raise Wrong(f"the header {text} has a meaning of its own; use another")
    return text


def _scopes(value: object) -> tuple[str, ...]:
    scopes: tuple[str, ...] = kinds.ACCESS.read(value)
    for scope in scopes:
        if not re.fullmatch(r"[!#-\[\]-~]+", scope):
            raise Wrong(f"not a scope: {shown(scope)}")
    return scopes if "openid" in scopes else ("openid", *scopes)


def _peers(value: object) -> tuple[str, ...]:
    peers: tuple[str, ...] = kinds.PROXIES.read(value)
    for peer in peers:
        if peer.endswith("/0"):
            raise Wrong(f"{shown(peer)} is everybody: name the proxy's own address")
    if not peers:
        raise Wrong("an empty list believes nobody; name the proxy's address")
    return peers


_SIGN_UP = Setting(
    "sign_up",
    kinds.choice(SignUp),
    "Who from there may have an account here without being invited.",
    otherwise="`site.sign_up`",
    example="open",
)
_ROLES = Setting(
    "roles",
    Kind("table of roles", lambda value: value),
    "Which role a group there means here: the group's name, then a role or a list of roles.",
    {},
    example={"sales-team": "analyst"},
)
_CA = Setting(
    "ca",
    kinds.parsed("file", PurePosixPath),
    "A file with the certificates to trust instead of the public ones, in PEM.",
    otherwise="the public ones",
    example="company-ca.pem",
)

SSO = (
    Setting(
        "issuer",
        kinds.parsed("URL", _issuer),
        "The provider's issuer; its description is found below it.",
        required=True,
        example="https://login.example.org",
    ),
    Setting(
        "client_id",
        kinds.TEXT,
        "The name under which the provider knows this site.",
        required=True,
        example="portico",
    ),
    Setting(
        "title",
        kinds.TEXT,
        "What the button says.",
        otherwise="the table's name",
        example="Example login",
    ),
    Setting(
        "scopes",
        Kind("list of texts", _scopes),
        "What to ask the provider for; some need `groups` for a person's groups.",
        ["openid", "profile", "email"],
        example=["openid", "profile", "email", "groups"],
    ),
    Setting("groups_claim", kinds.TEXT, "The claim that lists a person's groups.", "groups", example="roles"),
    _ROLES,
    _SIGN_UP,
    Setting(
        "trusts_addresses",
        kinds.SWITCH,
        "Take each address as verified, from your own company's provider that sends no `email_verified`.",
        False,
        example=True,
    ),
    _CA,
)

LDAP = (
    Setting(
        "url",
        kinds.parsed("URL", directory_url),
        "The directory. `ldap://` is encrypted by StartTLS before anything is said.",
        required=True,
        example="ldaps://ldap.example.org",
    ),
    Setting(
        "base",
        kinds.TEXT,
        "Below which entry people are.",
        required=True,
        example="ou=people,dc=example,dc=org",
    ),
    Setting("title", kinds.TEXT, "What people call it.", "the directory", example="the company's directory"),
    Setting(
        "start_tls",
        kinds.SWITCH,
        "Encrypt `ldap://`. Off is for a directory on this machine only.",
        True,
        example=False,
    ),
    _CA,
    Setting(
        "bind_dn",
        kinds.TEXT,
        "The entry that may search; its password is PORTICO_LDAP_PASSWORD.",
        otherwise="the search is anonymous",
        example="cn=portico,dc=example,dc=org",
    ),
    Setting(
        "filter",
        kinds.parsed("filter", _login_filter),
        "Finds the one entry for what somebody typed.",
        "(mail={login})",
        example="(|(mail={login})(sAMAccountName={login}))",
    ),
    Setting(
        "mail",
        kinds.parsed("attribute", _attribute),
        "The mail address.",
        "mail",
        example="userPrincipalName",
    ),
    Setting("display_name", kinds.parsed("attribute", _attribute), "The name.", "cn", example="displayName"),
    Setting(
        "id",
        kinds.parsed("attribute", _attribute),
        "What stays the same when a person is renamed; `objectGUID` in Active Directory.",
        "entryUUID",
        example="objectGUID",
    ),
    Setting(
        "groups",
        kinds.parsed("attribute", _attribute),
        "The attribute that lists the groups' entries.",
        "memberOf",
        example="memberOf",
    ),
    Setting(
        "group_base",
        kinds.TEXT,
        "Below which entry groups are searched with `group_filter`, where people do not list theirs.",
        otherwise="no search",
        example="ou=groups,dc=example,dc=org",
    ),
    Setting(
        "group_filter",
        kinds.parsed("filter", _group_filter),
        "Finds the groups of the person with this entry.",
        "(member={dn})",
        example="(member:1.2.840.113556.1.4.1941:={dn})",
    ),
    _ROLES,
    _SIGN_UP,
    Setting("timeout", kinds.duration("1s", "30s"), "How long the directory may take.", "5s", example="3s"),
)

LDAP_PASSWORD = Setting(
    "password",
    kinds.TEXT,
    "The password of `bind_dn`.",
    otherwise="none",
    variable="PORTICO_LDAP_PASSWORD",
    example="",
)

TRUSTED_HEADER = (
    Setting(
        "header",
        kinds.parsed("header", _header),
        "The header with the mail address of the person.",
        required=True,
        example="X-Forwarded-Email",
    ),
    Setting(
        "from",
        Kind("list of addresses or networks", _peers),
        "The proxies that are believed; from everybody else the header is dropped.",
        required=True,
        example=["10.0.0.7"],
    ),
    Setting(
        "name_header",
        kinds.parsed("header", _header),
        "The person's name.",
        otherwise="none",
        example="X-Forwarded-Name",
    ),
    Setting(
        "groups_header",
        kinds.parsed("header", _header),
        "The person's groups, with commas between them.",
        otherwise="none",
        example="X-Forwarded-Groups",
    ),
    _ROLES,
    _SIGN_UP,
    Setting(
        "sign_out",
        kinds.parsed("URL", page),
        "Where to go after signing out here, to sign out there too.",
        otherwise="a page says that the proxy is still signed in",
        example="https://login.example.org/sign-out",
    ),
)
