"""Signing out here of a session that began elsewhere: on to the place where it began, to end there too."""

from __future__ import annotations

from flask import render_template, url_for

from portico.gate import origins
from portico.gate.models import SessionOrigin
from portico.gate.sso import origin
from portico.gate.sso.entrance import provider_client
from portico.gate.state import gate, own_session

STILL_IN = "You have signed out of {site}. To sign out at {title} as well, go on there."
BY_PROXY = "You have signed out of {site}. The proxy before it still knows you, and will sign you in again."


def began_at() -> SessionOrigin | None:
    """Where this browser's session began; None: here."""
    row_id = own_session().row_id
    return origin.of(gate().db, row_id) if row_id is not None else None


def lead_on(begun: SessionOrigin | None) -> str | None:
    """The page that leads on to where the session began; None when there is nowhere to go on to."""
    if begun is None:
        return None
    sources, name = gate().site.sources, gate().site.name
    if begun.source == "trusted_header" and sources.header is not None:
        text, away = BY_PROXY.format(site=name), sources.header.sign_out
        return render_template("sso/onward.html", title="the proxy's sign-out", away=away, text=text)
    client = provider_client(begun.source.removeprefix("sso."))
    if client is None or client.provider.issuer != begun.issuer:
        return None
    back = f"{origins.site_origin(gate().site)}{url_for('sso.signed_out')}"
    away = client.sign_out_url(id_token=begun.id_token, back=back)
    if away is None:
        return None
    title = client.provider.title
    text = STILL_IN.format(site=name, title=title)
    return render_template("sso/onward.html", title=title, away=away, text=text)
