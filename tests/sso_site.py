"""A gate that knows the tests' OpenID provider, and a visitor's whole way there and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from gate_client import Browser, make_app, make_site
from oidc_provider import CLIENT, SECRET, OidcProvider
from portico.site import Access, Provider, SignUp, Site, Sources


def known_as(provider: OidcProvider, **changes: Any) -> Provider:
    """How portico.toml would describe the provider: as okta, whose group sales are analysts here."""
    known = Provider(
        name=provider.name,
        issuer=provider.issuer,
        client_id=CLIENT,
        client_secret=SECRET,
        title="Okta",
        scopes=("openid", "profile", "email", "groups"),
        roles=(("sales", "analyst"),),
    )
    return replace(known, **changes)


def site_with(folder: Path, *providers: Provider, **changes: Any) -> Site:
    """A site that is open to new accounts, with an app for analysts and one for everybody."""
    analysts = Access(roles=frozenset({"analyst"}))
    site = make_site(
        folder, make_app("sales", analysts), make_app("sum"), sources=Sources(providers=providers)
    )
    return replace(site, **({"sign_up": SignUp.OPEN} | changes))


def way_back(browser: Browser, provider: OidcProvider, login: str = "anna", target: str = "") -> str:
    """From the button to the address that leads back to the site."""
    away = browser.get(f"/-/sso/okta/start{'?next=' + target if target else ''}")
    assert away.status_code == 302, away.text
    return local(provider.visitor().sign_in(away.location, login))


def come(browser: Browser, provider: OidcProvider, login: str = "anna", target: str = "") -> TestResponse:
    """The whole way there and back; returns the gate's answer."""
    return browser.get(way_back(browser, provider, login, target))


def local(address: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def away_from(page: TestResponse) -> str:
    """Where a page that leads on to another site leads."""
    from html import unescape
    from re import search

    found = search(r'url=([^"]+)"', page.text)
    assert found, page.text
    return unescape(found.group(1))
