"""The last step of every way to sign in: whoever has proven who they are comes in here, and nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import abort, redirect, request, url_for
from flask_security import login_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import known_browsers, origins
from portico.gate.accounts import actions
from portico.gate.factors import devices, pending
from portico.gate.factors.holding import holding_of, is_required
from portico.gate.factors.pending import Step
from portico.gate.models import Person
from portico.gate.sso import origin
from portico.gate.state import client_ip, gate, own_session


def admit(person: Person, *, via: str, remember: bool, target: str, strong: bool = False) -> AnyResponse:
    """Let in a person whose first proof was `via` ("password", ...), after the second step where there is one.

    Then on to the target, which is checked. `strong`: the first proof was one with two factors (a passkey with its
    PIN, a provider that says so).
    """
    step = None if strong else missing_step(person)
    if step is None:
        known = not strong and holding_of(gate().db, person).any
        how = f"{via}, {devices.REMEMBERED}" if known else via
        begin_session(person, remember=remember, via=how, strong=strong or known)
        return leave_for(target)
    pending.begin(person, step, via=via, remember=remember, target=target)
    return redirect(url_for("second_step.second_step"))


def missing_step(person: Person) -> Step | None:
    """What stands between the first proof and a session; None when nothing does."""
    db, site = gate().db, gate().site
    if holding_of(db, person).any:
        return None if devices.is_remembered(db, site, person) else Step.PROVE
    return Step.ENROL if is_required(db, site, person) else None


def begin_session(person: Person, *, remember: bool, via: str, strong: bool = False) -> None:
    """Sign the person in: a new session under a new token, in place of the browser's former one.

    For `admit` and the second step alone: all others would go around it.
    """
    before = own_session()
    _ = before.loaded
    former, begun = before.row_id, before.get(origin.KEY)
    try:
        token, row = actions.sign_in(
            gate().db,
            person,
            gate().site.sessions,
            via=via,
            remember=remember,
            ip=client_ip(),
            user_agent=request.user_agent.string,
            strong=strong,
            known_browser=known_browsers.mark_of(person.email) is not None,
        )
    except actions.ProofOutdatedError as error:
        abort(403, str(error))
    origin.keep(gate().db, person, row.id, begun)
    if former is not None:
        pending.drop(gate().db, former)
    own_session().adopt(token, row)
    known_browsers.remember(person.email)
    login_user(person, remember=False, authn_via=[via])


def leave_for(target: str) -> AnyResponse:
    """Go to a checked target; to an app's own host by way of the hand-over."""
    host = urlsplit(target).netloc
    if host in origins.own_hosts(gate().site):
        parts = urlsplit(target)
        onward = parts._replace(scheme="", netloc="").geturl() or origins.HOME
        return redirect(f"{parts.scheme}://{host}{url_for('hand_over.enter')}?next={quote(onward, safe='')}")
    return redirect(target)
