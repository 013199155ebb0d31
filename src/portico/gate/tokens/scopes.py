"""What a token is for. A scope narrows what its person or service may do; it never adds to it."""

from __future__ import annotations

from collections.abc import Iterable

from portico.errors import UserError
from portico.site import Site

EVERY_APP = "apps"
APP = "app:"
EMBED = "embed:"
API = "api"  # all of the gate's JSON API that the person may use
API_READ = "api:read"  # what changes nothing

_HELP = 'write "apps", "app:NAME", "embed:NAME", "api" or "api:read"'


def parse(names: Iterable[str], site: Site) -> tuple[str, ...]:
    """The scopes of these names, each once; UserError for one that means nothing on this site."""
    found = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not found:
        raise UserError(f"a token without a scope opens nothing; {_HELP}")
    apps = {app.name for app in site.apps}
    for scope in found:
        kind, colon, name = scope.partition(":")
        if scope in (EVERY_APP, API, API_READ):
            continue
        if f"{kind}{colon}" not in (APP, EMBED):
            raise UserError(f'no such scope: "{scope}"; {_HELP}')
        if name not in apps:
            raise UserError(f'{scope}: the site has no app "{name}"')
    return found


def opens(scopes: Iterable[str], app: str) -> bool:
    """Whether a token with these scopes may be shown at this app."""
    return any(scope in (EVERY_APP, APP + app) for scope in scopes)


def embeds(scopes: Iterable[str], app: str) -> bool:
    """Whether it may be used to put this app into a page of another site."""
    return EMBED + app in scopes


def reads_api(scopes: Iterable[str]) -> bool:
    """Whether it may ask the gate's JSON API what changes nothing."""
    return any(scope in (API, API_READ) for scope in scopes)


def uses_api(scopes: Iterable[str]) -> bool:
    """Whether it may ask the gate's JSON API everything that its person may."""
    return API in scopes


def in_words(scope: str, site: Site) -> str:
    """The scope for a person who reads a list."""
    plain = {
        EVERY_APP: "all apps",
        API: "the site’s API",
        API_READ: "the site’s API, reading only",
    }
    if scope in plain:
        return plain[scope]
    kind, _, name = scope.partition(":")
    title = next((app.title for app in site.apps if app.name == name), f"{name} (gone)")
    return f"{title}, embedding" if f"{kind}:" == EMBED else title
