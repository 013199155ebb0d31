"""The settings of `[sso.NAME]`, `[ldap]` and `[trusted_header]`."""

from __future__ import annotations

from pathlib import PurePosixPath

from portico.site import kinds, source_kinds
from portico.site.kinds import Kind
from portico.site.model import SignUp
from portico.site.schema import Setting
from portico.site.sources import Joins

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

_JOINS_SAYS = "Which accounts that are here already open to a sign-in from there with their address: "
_JOINS = Setting(
    "joins",
    Kind('"asked" or "unused"', source_kinds.joins_there),
    _JOINS_SAYS
    + "none before their owners have signed in to them here, or those that were made or invited for "
    "somebody who has never come.",
    "asked",
    example="unused",
)

SSO = (
    Setting(
        "issuer",
        kinds.parsed("URL", source_kinds.issuer),
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
        Kind("list of texts", source_kinds.scopes),
        "What to ask the provider for; some need `groups` for a person's groups.",
        ["openid", "profile", "email"],
        example=["openid", "profile", "email", "groups"],
    ),
    Setting("groups_claim", kinds.TEXT, "The claim that lists a person's groups.", "groups", example="roles"),
    _ROLES,
    _SIGN_UP,
    _JOINS,
    Setting(
        "trusts_addresses",
        Kind("true, false or list of domains", source_kinds.trusted_addresses),
        "Take each address, or those at these domains, as verified, from your own company's provider that sends no "
        "`email_verified`.",
        False,
        example=["example.org"],
    ),
    Setting(
        "second_factor",
        Kind('"here", "trusted" or list of texts', source_kinds.factors_there),
        "Whose second factor counts: only the site's own, also the provider's when `amr` in its ID token says `mfa`, or "
        "also the provider's when `acr` is one of these values, which are asked for.",
        "here",
        example="trusted",
    ),
    _CA,
)

LDAP = (
    Setting(
        "url",
        kinds.parsed("URL", source_kinds.directory_url),
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
        kinds.parsed("filter", source_kinds.login_filter),
        "Finds the one entry for what somebody typed.",
        "(mail={login})",
        example="(|(mail={login})(sAMAccountName={login}))",
    ),
    Setting(
        "mail",
        kinds.parsed("attribute", source_kinds.attribute),
        "The mail address.",
        "mail",
        example="userPrincipalName",
    ),
    Setting(
        "display_name",
        kinds.parsed("attribute", source_kinds.attribute),
        "The name.",
        "cn",
        example="displayName",
    ),
    Setting(
        "id",
        kinds.parsed("attribute", source_kinds.attribute),
        "What stays the same when a person is renamed; `objectGUID` in Active Directory.",
        "entryUUID",
        example="objectGUID",
    ),
    Setting(
        "groups",
        kinds.parsed("attribute", source_kinds.attribute),
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
        kinds.parsed("filter", source_kinds.group_filter),
        "Finds the groups of the person with this entry.",
        "(member={dn})",
        example="(member:1.2.840.113556.1.4.1941:={dn})",
    ),
    _ROLES,
    _SIGN_UP,
    _JOINS,
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
        kinds.parsed("header", source_kinds.header),
        "The header with the mail address of the person.",
        required=True,
        example="X-Forwarded-Email",
    ),
    Setting(
        "from",
        Kind("list of addresses or networks", source_kinds.peers),
        "The proxies that are believed; from everybody else the header is dropped.",
        required=True,
        example=["10.0.0.7"],
    ),
    Setting(
        "name_header",
        kinds.parsed("header", source_kinds.header),
        "The person's name.",
        otherwise="none",
        example="X-Forwarded-Name",
    ),
    Setting(
        "groups_header",
        kinds.parsed("header", source_kinds.header),
        "The person's groups, with commas between them.",
        otherwise="none",
        example="X-Forwarded-Groups",
    ),
    _ROLES,
    _SIGN_UP,
    Setting(
        "joins",
        kinds.choice(Joins),
        _JOINS_SAYS
        + "none before their owners have signed in to them here, those that were made or invited for "
        "somebody who has never come, or all.",
        "asked",
        example="unused",
    ),
    Setting(
        "sign_out",
        kinds.parsed("URL", source_kinds.page),
        "Where to go after signing out here, to sign out there too.",
        otherwise="a page says that the proxy is still signed in",
        example="https://login.example.org/sign-out",
    ),
)
