"""A proxy before the site that has signed people in: what it says in a header, which the front passes on from it alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, abort, redirect, request
from flask_login import current_user, logout_user
from sqlalchemy import Engine, select
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import origins
from portico.gate.accounts import actions, addresses
from portico.gate.models import SessionOrigin
from portico.gate.sso.arrival import Rules
from portico.gate.sso.statement import Statement
from portico.gate.state import actor, gate, own_session
from portico.site import Site

SOURCE, ISSUER = "trusted_header", "trusted-header"
# The names under which the front hands the header on: everybody else's are gone by then
WHO, NAME, GROUPS = "HTTP_X_PORTICO_VOUCHED", "HTTP_X_PORTICO_VOUCHED_NAME", "HTTP_X_PORTICO_VOUCHED_GROUPS"
TITLE = "the proxy before this site"


def install(app: Flask, site: Site) -> None:
    """End the session of somebody else than the one for whom the proxy vouches now."""
    if site.sources.header is not None:
        app.before_request(_one_person)
    app.jinja_env.globals.update(vouched=vouched)


def statement() -> Statement | None:
    """What the proxy says about the visitor; None when it says nothing, or the site believes no proxy."""
    wanted = gate().site.sources.header
    subject = _subject(request.environ) if wanted is not None else ""
    if not subject:
        return None
    groups = _text(request.environ, GROUPS).split(",")
    return Statement(
        source=SOURCE,
        title=TITLE,
        issuer=ISSUER,
        subject=subject,
        email=subject,
        email_verified=True,
        name=_text(request.environ, NAME),
        groups=tuple(group.strip() for group in groups if group.strip()),
    )


def vouched() -> str:
    """The address of whoever the proxy vouches for, or nothing."""
    found = statement()
    return found.email if found is not None else ""


def rules(site: Site) -> Rules:
    """What the site does with people from the proxy."""
    header = site.sources.header
    return Rules(header.roles, header.sign_up, header.joins) if header else Rules()


def denies(engine: Engine, session_ids: Iterable[int], environ: Mapping[str, Any]) -> bool:
    """Whether the proxy vouches for somebody else now than for the one who began these sessions by it."""
    subject = _subject(environ)
    if not subject:
        return False
    query = select(SessionOrigin.subject).where(
        SessionOrigin.session_id.in_(list(session_ids)), SessionOrigin.source == SOURCE
    )
    with engine.connect() as connection:
        return any(known != subject for known in connection.execute(query).scalars())


def _one_person() -> AnyResponse | None:
    session = own_session()
    if request.endpoint == "static" or not current_user.is_authenticated or session.row_id is None:
        return None
    ids = [number for number in (session.row_id, session.parent_id) if number is not None]
    if not denies(gate().db.get_bind(), ids, request.environ):  # type: ignore[arg-type]
        return None
    actions.sign_out(gate().db, actor(current_user.email), session.row_id)
    logout_user()
    session.end()
    if request.method != "GET":
        abort(401)
    return redirect(origins.address_of(request))


def _subject(environ: Mapping[str, Any]) -> str:
    """The address in the header in its one spelling; "" when there is none, or more than one."""
    return addresses.normalised(_text(environ, WHO))


def _text(environ: Mapping[str, Any], name: str) -> str:
    return str(environ.get(name, "")).encode("latin-1", "replace").decode("utf-8", "replace").strip()
