"""Where a Dash app stands under its prefix: pure rules, no Dash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mount:
    """The two prefixes a Dash app gets. Both start and end with "/".

    `routes` is what its server sees after the runner moved the site's prefix away; `requests` is what the
    browser asks for. `strip` is the part of a page's path that the app's own code does not know of: "/sales";
    or "".
    """

    routes: str
    requests: str
    strip: str
    note: str | None = None


def mount(prefix: str, routes: str, requests: str) -> Mount:
    """Place an app that chose `routes` and `requests` itself ("/" both when it chose nothing) under `prefix`.

    A base path equal to the prefix, or under it, is the same place; any other base path is kept below the
    prefix. A request prefix for another front than ours cannot be right here; the note says what is used
    instead.
    """
    own = routes.rstrip("/")
    known = bool(prefix) and (own == prefix or own.startswith(prefix + "/"))
    if known:
        own = own[len(prefix) :]
    placed = f"{prefix}{own}/"
    note = None
    if requests not in (routes, placed):
        note = f'the app asks for requests_pathname_prefix "{requests}"; here it is served at "{placed}"'
    knows = known or (bool(prefix) and requests.startswith(prefix + "/"))
    return Mount(routes=own + "/", requests=placed, strip="" if knows else prefix, note=note)
