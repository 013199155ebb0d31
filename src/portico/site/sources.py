"""Where people may prove who they are beside the site's own passwords: providers, a directory, a proxy's header."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Joins(StrEnum):
    """Which accounts that are here already a sign-in elsewhere with their address opens, and is joined to."""

    ASKED = "asked"  # none, before its owner has signed in to it here
    UNUSED = "unused"  # those that were made or invited here for somebody who has never come
    ALL = "all"


@dataclass(frozen=True, slots=True)
class FactorsThere:
    """When the site takes a provider's word for a second factor: never, by `amr`, or by one of these `acr` values."""

    by_amr: bool = False
    by_acr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenID Connect provider. `roles` maps what its groups claim may hold to roles of the site.

    `sign_up` None: the site's own rule holds. `trusts_addresses`: which addresses that it states count as verified
    though it does not say so: all, or those at these domains.
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
    trusts_addresses: bool | tuple[str, ...] = False
    joins: Joins = Joins.ASKED
    second_factor: FactorsThere = FactorsThere()
    ca: Path | None = None

    def vouches_for(self, address: str) -> bool:
        """Whether an address that it states counts as verified without its saying so."""
        if isinstance(self.trusts_addresses, bool):
            return self.trusts_addresses
        return address.rpartition("@")[2].lower() in self.trusts_addresses


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
    joins: Joins = Joins.ASKED
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
    joins: Joins = Joins.ASKED
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

    @property
    def titles(self) -> dict[str, str]:
        """What people call each of them, by its name in portico.toml: "sso.okta", "ldap", "trusted_header"."""
        found = {f"sso.{one.name}": one.title for one in self.providers}
        if self.directory is not None:
            found["ldap"] = self.directory.title
        if self.header is not None:
            found["trusted_header"] = "The proxy before this site"
        return found

    def provider(self, name: str) -> Provider | None:
        """The provider of that name."""
        return next((one for one in self.providers if one.name == name), None)
