"""Fresh proof: whether the person in this session has shown a short time ago who they are.

A sign-in is such a proof; later, the page /-/confirm asks for one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from flask import Response, current_app, jsonify, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import clock, origins, sessions
from portico.gate.accounts.transactions import one_transaction
from portico.gate.asking import at_api
from portico.gate.audit import Actor, note
from portico.gate.failures import wants_json
from portico.gate.models import SessionRow
from portico.gate.problem_details import problem
from portico.gate.state import gate, own_session


def is_fresh() -> bool:
    """Whether the last proof in this session is recent enough (`[sign_in] fresh`)."""
    session = own_session()
    _ = session.loaded
    if session.row_id is None:
        return False
    proven = gate().db.scalar(select(SessionRow.proven_at).where(SessionRow.id == session.row_id))
    return proven is not None and clock.now() - proven < timedelta(seconds=gate().site.sign_in.fresh)


@one_transaction
def renew(db: Session, actor: Actor, session_id: int, via: str) -> str | None:
    """Note a proof that was just given; the session goes on under the token returned."""
    row = db.get(SessionRow, session_id)
    if row is None:
        return None
    token = sessions.rotate(row)
    row.proven_at = clock.now()
    note(db, actor, "confirmed", actor.name, via=via)
    return token


@one_transaction
def date_back(db: Session, session_id: int, proven_at: datetime | None) -> None:
    """Say when the person of a session that has just begun really proved who they are; None: nobody knows.

    A provider of single sign-on may have let in somebody who proved it there this morning.
    """
    row = db.get(SessionRow, session_id)
    if row is not None:
        row.proven_at = min(proven_at, clock.now()) if proven_at is not None else None


def ask() -> AnyResponse:
    """Send the visitor to the page that asks for a proof, and back here; a program gets a 401."""
    way = f"{url_for('confirm.confirm')}?next={quote(_back(), safe='/')}"
    if at_api():
        return problem(
            401,
            "Confirm that it is you, then send this again.",
            code="confirm-required",
            confirm=gate().site.url + way,
        )
    if wants_json():
        answer: Response = jsonify(
            error="confirm-required",
            message="Confirm that it is you, then send this again.",
            confirm=gate().site.url + way,
        )
        answer.status_code = 401
        return answer
    return redirect(way, 303)


def _back() -> str:
    """The page to come back to: this one, or of a form that only takes a POST the page that it stands on."""
    if request.method in ("GET", "HEAD") or _has_page(request.path):
        return origins.address_of(request)
    asked_from = urlsplit(request.referrer or "")
    if f"{asked_from.scheme}://{asked_from.netloc}" != origins.site_origin(gate().site):
        return origins.HOME
    return origins.safe_next(
        gate().site, asked_from.path + (f"?{asked_from.query}" if asked_from.query else "")
    )


def _has_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and bool(adapter.match(path, method="GET"))
    except HTTPException:
        return False
