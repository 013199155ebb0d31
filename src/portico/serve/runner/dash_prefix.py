"""Where a Dash app stands under its prefix: pure rules, no Dash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mount:
    """The two prefixes a Dash app gets. Both start and end with "/".

    `routes` is what its server sees; `requests` is what the browser asks for. `strip` is the part of a page's
    path that the app's own code does not know of: "/sales"; or "". `known`: the app's own base path is the
    site's.
    """

    routes: str
    requests: str
    strip: str
    known: bool = False
    note: str | None = None


def mount(prefix: str, routes: str, requests: str, *, whole: bool = False, inside: bool = False) -> Mount:
    """Place an app that chose `routes` and `requests` itself ("/" both when it chose nothing) under `prefix`.

    A base path equal to the prefix, or under it, is the same place; any other base path is kept below the
    prefix. Such an app keeps its routes when it is `whole`: its server sees whole paths where it has routes
    for them; else its routes lose the prefix, as paths do. `inside` another app that has it under a path of
    its own, its request prefix says where. Any other request prefix is for another front than ours, and
    cannot be right here; the note says what is used instead.
    """
    own = routes.rstrip("/")
    knows = bool(prefix) and (requests == prefix or requests.startswith(prefix + "/"))
    if bool(prefix) and (own == prefix or own.startswith(prefix + "/")):
        kept = own if whole else own[len(prefix) :]
        note = _note(requests, routes) if requests != routes else None
        return Mount(routes=kept + "/", requests=own + "/", strip="", known=True, note=note)
    if inside and requests != routes and not knows:
        return Mount(routes=own + "/", requests=prefix + requests, strip=prefix)
    placed = f"{prefix}{own}/"
    note = None if requests in (routes, placed) else _note(requests, placed)
    return Mount(routes=own + "/", requests=placed, strip="" if knows else prefix, known=knows, note=note)


def _note(asked: str, placed: str) -> str:
    return f'the app asks for requests_pathname_prefix "{asked}"; here it is served at "{placed}"'
