"""Where people may prove who they are beside the site's own passwords: providers, a directory, a proxy's header."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenID Connect provider. `roles` maps what its groups claim may hold to roles of the site.

    `sign_up` None: the site's own rule holds. `trusts_addresses`: each address it states counts as verified.
    """

    name: str
    issuer: str
    client_id: str
    title: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    groups_claim: str = "groups"
    roles: tuple[tuple[str, str], ...] = ()
    sign_up: str | None = None
    trusts_addresses: bool = False
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """An LDAP directory or Active Directory that checks passwords.

    `filter` has `{login}`, `group_filter` `{dn}`; both are escaped when they are filled in. `timeout` is seconds.
    """

    url: str
    base: str
    title: str
    start_tls: bool = True
    ca: Path | None = None
    bind_dn: str | None = None
    password: str | None = field(default=None, repr=False)
    filter: str = "(mail={login})"
    mail: str = "mail"
    display_name: str = "cn"
    id: str = "entryUUID"
    groups: str | None = "memberOf"
    group_base: str | None = None
    group_filter: str | None = None
    roles: tuple[tuple[str, str], ...] = ()
    sign_up: str | None = None
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class TrustedHeader:
    """A header in which a proxy, at one of the addresses `peers`, says who is signed in there."""

    header: str
    peers: tuple[str, ...]
    name_header: str | None = None
    groups_header: str | None = None
    roles: tuple[tuple[str, str], ...] = ()
    sign_up: str | None = None
    sign_out: str | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """All of them."""

    providers: tuple[Provider, ...] = ()
    directory: Directory | None = None
    header: TrustedHeader | None = None

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self.providers or self.directory or self.header)

    def provider(self, name: str) -> Provider | None:
        """The provider of that name."""
        return next((one for one in self.providers if one.name == name), None)
