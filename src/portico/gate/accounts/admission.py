"""The last step of every way to sign in: whoever has proven who they are comes in here, and nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import redirect, request, url_for
from flask_security import login_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import origins
from portico.gate.accounts import actions
from portico.gate.models import Person
from portico.gate.state import client_ip, gate, own_session


def admit(person: Person, *, via: str, remember: bool, target: str) -> AnyResponse:
    """Let in a person whose first proof was `via` ("password", ...): a new session, then on to the target."""
    begin_session(person, remember=remember, via=via)
    return leave_for(target)


def begin_session(person: Person, *, remember: bool, via: str) -> None:
    """Sign the person in: a new session under a new token."""
    agent = request.user_agent.string
    token, row = actions.sign_in(
        gate().db, person, gate().site.sessions, via=via, remember=remember, ip=client_ip(), user_agent=agent
    )
    own_session().adopt(token, row)
    login_user(person, remember=False, authn_via=[via])


def leave_for(target: str) -> AnyResponse:
    """Go to a checked target; to an app's own host by way of the hand-over."""
    host = urlsplit(target).netloc
    if host in origins.own_hosts(gate().site):
        parts = urlsplit(target)
        onward = parts._replace(scheme="", netloc="").geturl() or origins.HOME
        return redirect(f"{parts.scheme}://{host}{url_for('hand_over.enter')}?next={quote(onward, safe='')}")
    return redirect(target)
