"""A person's own sessions: where they are signed in, and how to end that."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from flask_security import logout_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import origins, paging
from portico.gate.accounts import session_actions, session_list
from portico.gate.models import Person
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, gate, own_session

blueprint = Blueprint("own_sessions", __name__, url_prefix="/-/sessions")


@blueprint.get("")
@requires(Permission.KEEP_OWN_ACCOUNT)
def sessions() -> str:
    """The list, last used first."""
    rows = paging.of_request(
        gate().db, session_list.statement(person=_me()), *session_list.KEYS, descending=True
    )
    page = paging.Page(
        tuple(session_list.shown(*row) for row in rows.rows), rows.previous, rows.next, rows.arguments
    )
    return render_template("sessions/own.html", page=page, present=own_session().row_id, seconds=bound())


@blueprint.post("/<int:number>/end")
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def end(number: int) -> AnyResponse:
    """End one of them."""
    try:
        session_actions.end(gate().db, actor(current_user.email), number, of=_me())
    except session_actions.NoSuchSessionError:
        abort(404, "This session has ended already.")
    if number == own_session().row_id:
        return _leave("signed-out")
    flash("The session is ended.")
    return redirect(url_for("own_sessions.sessions"))


@blueprint.post("/end-others")
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def end_others() -> AnyResponse:
    """End all but the one that asks."""
    ended = session_actions.end_all(gate().db, actor(current_user.email), _me(), keep=own_session().row_id)
    flash(f"Ended: {ended}. This one stays." if ended else "There was no other session.")
    return redirect(url_for("own_sessions.sessions"))


@blueprint.post("/end-all")
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def end_all() -> AnyResponse:
    """Sign out everywhere, here too."""
    session_actions.end_all(gate().db, actor(current_user.email), _me())
    return _leave("signed-out-everywhere")


def bound() -> str:
    """How long after a session's end the front may still open an app, for a person to read."""
    seconds = gate().site.check_cache
    return f"{seconds:g} seconds" if seconds else "the same moment"


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person


def _leave(notice: str) -> AnyResponse:
    logout_user()
    own_session().end()
    return redirect(f"{origins.site_origin(gate().site)}{url_for('entry.sign_in')}?{notice}")
