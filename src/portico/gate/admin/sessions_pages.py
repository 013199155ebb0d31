"""The page of everybody's sessions: who is signed in, on what, from where, and ending that."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import paging
from portico.gate.accounts import addresses, session_actions, session_list
from portico.gate.models import Person
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, gate, own_session

blueprint = Blueprint("admin_sessions", __name__, url_prefix="/-/admin/sessions")


@blueprint.get("")
@requires(Permission.SEE_SESSIONS)
def sessions() -> str:
    """All that are open, last used first; of one person, or used from one address, on demand."""
    db = gate().db
    typed, address = (request.args.get(name, "").replace("\0", "").strip() for name in ("person", "address"))
    owner = db.scalar(select(Person).where(Person.email == addresses.normalised(typed))) if typed else None
    statement = session_list.statement(person=owner, address=address)
    if typed and owner is None:
        statement = statement.where(Person.id.is_(None))
    found = paging.of_request(db, statement, *session_list.KEYS, descending=True)
    rows = tuple(session_list.shown(*row) for row in found.rows)
    return render_template(
        "admin/sessions.html",
        page=paging.Page(rows, found.previous, found.next, found.arguments),
        count=paging.count(db, statement),
        counted=paging.COUNTED,
        person=typed,
        address=address,
        owner=owner,
        unknown=bool(typed) and owner is None,
        present=own_session().row_id,
        kept={"person": typed} if typed else {},
    )


@blueprint.post("/<int:number>/end")
@requires(Permission.END_SESSIONS, fresh=True)
def end(number: int) -> AnyResponse:
    """End one."""
    try:
        session_actions.end(gate().db, actor(current_user.email), number)
    except session_actions.NoSuchSessionError:
        abort(404, "This session has ended already.")
    flash("The session is ended.")
    return redirect(url_for("admin_sessions.sessions", person=request.args.get("person") or None))


@blueprint.post("/of/<uid>/end")
@requires(Permission.END_SESSIONS, fresh=True)
def end_all(uid: str) -> AnyResponse:
    """Sign a person out everywhere."""
    db = gate().db
    person = db.scalar(select(Person).where(Person.fs_uniquifier == uid))
    if person is None:
        abort(404)
    ended = session_actions.end_all(db, actor(current_user.email), person)
    flash(f"{person.email} is signed out everywhere. Sessions ended: {ended}.")
    return redirect(url_for("admin_sessions.sessions", person=person.email))
