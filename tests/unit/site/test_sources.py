"""`[sso.NAME]`, `[ldap]` and `[trusted_header]` of a portico.toml: what they say, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.errors import SiteError
from portico.site import (
    Directory,
    FactorsThere,
    Joins,
    Provider,
    TrustedHeader,
    from_json,
    load,
    to_json,
)

OKTA = '[sso.okta]\nissuer = "https://login.example.org/tenant"\nclient_id = "portico"\n'
LDAP = '[ldap]\nurl = "ldaps://ldap.example.org"\nbase = "dc=example,dc=org"\n'
HEADER = '[trusted_header]\nheader = "X-Forwarded-Email"\nfrom = ["10.0.0.7"]\n'
ROLES = '[roles]\nanalyst = "Reads"\n'


def write(folder: Path, text: str) -> Path:
    """A site file with these tables."""
    file = folder / "portico.toml"
    file.write_text(text + "[apps]\n")
    return file


def problems(folder: Path, text: str, **environ: str) -> list[str]:
    """The lines of what is wrong."""
    with pytest.raises(SiteError) as caught:
        load(write(folder, text), environ)
    return str(caught.value).splitlines()


def test_a_provider_needs_two_lines_and_gets_its_secret_from_its_place(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("shh\n")
    site = load(write(tmp_path, OKTA), {"PORTICO_SSO_OKTA_SECRET_FILE": str(secret)})
    (okta,) = site.sources.providers
    assert okta == Provider(
        "okta", "https://login.example.org/tenant", "portico", "Okta", client_secret="shh"
    )
    assert "shh" not in repr(site)
    assert from_json(to_json(site)) == site


def test_everything_that_can_be_said_comes_through(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    text = f"""{ROLES}
{OKTA}
title = "Example login"
scopes = ["email", "groups"]
groups_claim = "teams"
sign_up = "open"
trusts_addresses = ["Example.org", "example.com"]
joins = "unused"
second_factor = ["phr", "phrh"]
ca = "ca.pem"
[sso.okta.roles]
"sales team" = ["analyst", "admin"]
[sso.second_one]
issuer = "http://127.0.0.1:9000"
client_id = "x"
trusts_addresses = true
second_factor = "trusted"
{LDAP}
bind_dn = "cn=portico"
filter = "(uid={{login}})"
timeout = "3s"
group_base = "ou=groups"
[ldap.roles]
"cn=sales,ou=groups" = "analyst"
{HEADER}
groups_header = "X-Forwarded-Groups"
sign_out = "https://login.example.org/sign-out"
joins = "all"
[trusted_header.roles]
sales = "analyst"
"""
    site = load(write(tmp_path, text), {"PORTICO_LDAP_PASSWORD": "p"})
    okta, second = site.sources.providers
    assert okta.scopes == ("openid", "email", "groups")
    assert okta.roles == (("sales team", "analyst"), ("sales team", "admin"))
    assert (okta.sign_up, okta.ca) == ("open", tmp_path / "ca.pem")
    assert okta.trusts_addresses == ("example.org", "example.com")
    assert (okta.joins, okta.second_factor) == (Joins.UNUSED, FactorsThere(by_acr=("phr", "phrh")))
    assert (second.title, second.trusts_addresses) == ("Second One", True)
    assert (second.joins, second.second_factor) == (Joins.ASKED, FactorsThere(by_amr=True))
    assert isinstance(site.sources.directory, Directory)
    assert (site.sources.directory.timeout, site.sources.directory.group_filter) == (3.0, "(member={dn})")
    assert isinstance(site.sources.header, TrustedHeader)
    assert (site.sources.directory.joins, site.sources.header.joins) == (Joins.ASKED, Joins.ALL)
    assert from_json(to_json(site)) == site


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[sso.okta]\nclient_id = "x"\n', "sso.okta.issuer: is missing"),
        (OKTA.replace("https", "http"), "sso.okta.issuer: use https://"),
        (OKTA.replace("login.", "user:pw@login."), "sso.okta.issuer: no name, password or # belongs here"),
        (OKTA.replace("tenant", "tenant?x=1"), "sso.okta.issuer: an issuer has no query"),
        (OKTA.replace("sso.okta", "sso.Okta"), "sso.Okta: a name has up to 30 small letters"),
        (OKTA + 'colour = "red"\n', "sso.okta.colour: unknown key"),
        (
            OKTA + '[sso.okta.roles]\nsales = "analist"\n' + ROLES,
            'unknown role "analist"; did you mean "analyst"?',
        ),
        (OKTA + 'sign_up = "anybody"\n', "sso.okta.sign_up: unknown value"),
        (OKTA + 'joins = "all"\n', 'sso.okta.joins: "all" is for a trusted header'),
        (OKTA + 'joins = "unusd"\n', 'sso.okta.joins: unknown value "unusd"; did you mean "unused"?'),
        (LDAP + 'joins = "all"\n', 'ldap.joins: "all" is for a trusted header'),
        (OKTA + "trusts_addresses = []\n", "sso.okta.trusts_addresses: an empty list trusts nothing"),
        (OKTA + 'trusts_addresses = "a b"\n', "sso.okta.trusts_addresses: "),
        (
            OKTA + 'second_factor = ["trusted", "phr"]\n',
            'sso.okta.second_factor: write "here", "trusted", or',
        ),
        (OKTA + "second_factor = []\n", 'sso.okta.second_factor: write "here", "trusted", or'),
        (OKTA + 'second_factor = ["a b"]\n', "sso.okta.second_factor: not a value of acr"),
        (OKTA + "second_factor = true\n", "sso.okta.second_factor: expected a list of texts"),
        (OKTA.replace("https://login.example.org", "https://[x"), "sso.okta.issuer: not a URL"),
        (OKTA + 'ca = "nowhere.pem"\n', "sso.okta.ca: no such file"),
        ('sso = "x"\n', "sso: expected tables like [sso.okta]"),
        (LDAP.replace("ldaps", "http"), "ldap.url: not a directory"),
        (LDAP.replace("ldap.example", "x:y@ldap.example"), "ldap.url: a name and a password do not belong"),
        (
            LDAP.replace("ldaps", "ldap") + "start_tls = false\n",
            "ldap.start_tls: passwords would go over the network",
        ),
        (LDAP + 'filter = "(uid=anna)"\n', "ldap.filter: a filter has {login} in it"),
        (LDAP + 'filter = "uid={login}"\n', "ldap.filter: a filter stands in brackets"),
        (LDAP + 'bind_dn = "cn=x"\n', "ldap.bind_dn: it and PORTICO_LDAP_PASSWORD belong together"),
        (LDAP + 'mail = "ma il"\n', "ldap.mail: not an attribute"),
        (HEADER.replace("10.0.0.7", "0.0.0.0/0"), 'trusted_header.from: "0.0.0.0/0" is everybody'),
        (HEADER.replace('["10.0.0.7"]', "[]"), "trusted_header.from: an empty list believes nobody"),
        (
            HEADER.replace("X-Forwarded-Email", "Cookie"),
            "trusted_header.header: the header Cookie has a meaning",
        ),
        (HEADER.replace("X-Forwarded-Email", "X Mail"), "trusted_header.header: not a header"),
        (
            HEADER + ROLES + '[trusted_header.roles]\nsales = "analyst"\n',
            "trusted_header.groups_header: is missing",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert any(line in said for said in problems(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            OKTA + 'client_secret = "shh"\n',
            "sso.okta.client_secret: a secret does not belong in portico.toml; use PORTICO_SSO_OKTA_SECRET_FILE",
        ),
        (OKTA + 'secret = "shh"\n', "sso.okta.secret: a secret does not belong"),
        (
            LDAP + 'password = "shh"\n',
            "ldap.password: a secret does not belong in portico.toml; use PORTICO_LDAP_PASSWORD_FILE",
        ),
    ],
)
def test_a_secret_in_the_file_is_refused(tmp_path: Path, text: str, line: str) -> None:
    found = problems(tmp_path, text)
    assert any(line in said for said in found)
    assert "shh" not in "\n".join(found)
