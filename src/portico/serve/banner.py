"""What a person reads when the site is ready."""

from __future__ import annotations

from portico.site.model import Access, App, Site


def banner(site: Site, seconds: float) -> list[str]:
    """The site's URL and its apps with their addresses and who may enter, one line each."""
    lines = [f"ready at {site.url} after {seconds:.1f} s"]
    rows = [(app.name, " ".join(app_addresses(site, app)), access_text(app.access)) for app in site.apps]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    lines += [f"  {name:<{widths[0]}}  {address:<{widths[1]}}  {access}" for name, address, access in rows]
    return lines


def app_addresses(site: Site, app: App) -> list[str]:
    """Every URL at which the app is reached."""
    scheme, _, place = site.url.partition("://")
    host, colon, port = place.rpartition(":")
    bare, suffix = (host, colon + port) if port.isdecimal() and host else (place, "")
    found = []
    if app.path is not None:
        found.append(f"{site.url}{app.path}")
    if app.host is not None:
        found.append(f"{scheme}://{app.host}{suffix}")
    if app.port is not None:
        found.append(f"http://{bare}:{app.port}")
    return found


def access_text(access: Access) -> str:
    """Who may enter, for a person."""
    if access.public:
        return "public"
    if access.signed_in:
        return "signed-in"
    return ", ".join([*sorted(access.roles), *sorted(access.people)])
