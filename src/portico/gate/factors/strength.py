"""Ends sessions that are weaker than the site wants: begun without a second factor that is asked for now."""

from __future__ import annotations

from flask import Flask, request

from portico.gate.factors.holding import end_weak_session
from portico.gate.state import client_ip, gate, own_session


def install(app: Flask) -> None:
    """Look at each request's session before its view, where the site wants a second factor of somebody."""
    app.before_request(_end_if_weak)


def _end_if_weak() -> None:
    site, session = gate().site, own_session()
    wanted = site.sign_in.second_factor
    if request.endpoint == "static" or not (wanted.required or wanted.roles):
        return
    _ = session.loaded
    if session.row_id is not None and end_weak_session(gate().db, site, client_ip(), session.row_id):
        session.end()
