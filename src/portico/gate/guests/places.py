"""Where a guest's links are and where they lead."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response

from portico.gate import clock
from portico.gate.guests.actions import Came
from portico.gate.origins import app_origins, site_origin
from portico.site import App, Site


def origin_of(site: Site, app: App) -> str:
    """The origin at which guests open the app: the site's, or that of the app's own host."""
    if app.path is None and app.host is not None:
        return app_origins(site, app)[0]
    return site_origin(site)


def share_link(site: Site, app: App, token: str) -> str:
    """The address to hand to guests."""
    return f"{origin_of(site, app)}/-/share/{token}"


def frame_link(site: Site, app: App, token: str) -> str:
    """What a page of another site gives its frame as `src`."""
    return f"{origin_of(site, app)}/-/frame/{token}"


def destination(site: Site, app: App, target: str) -> str:
    """The absolute address of a place inside the app."""
    if app.path is None and app.host is None:
        return f"{app_origins(site, app)[0]}{target}"
    return f"{origin_of(site, app)}{app.prefix}{target}"


def set_cookie(response: Response, site: Site, came: Came, *, framed: bool) -> None:
    """Give the browser the way in: for the app's path alone, and in a frame for the page around it alone (CHIPS)."""
    app = site.app(came.app)
    host = urlsplit(destination(site, app, "/")).netloc
    on_path = app.path is not None and host == urlsplit(site.url).netloc
    response.set_cookie(
        site.guest_cookie(app.name),
        came.token,
        max_age=max(1, int((came.until - clock.now()).total_seconds())),
        path=(app.prefix or "/") if on_path else "/",
        secure=site.secure or framed,
        httponly=True,
        samesite="None" if framed else "Lax",
        partitioned=framed,
    )
