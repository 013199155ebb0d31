"""The hand-over of a session to an app's own host, whose browser cookies are not those of the site.

The app's host sends the browser to the site with a mark of that browser; the site answers with a ticket that
works once, within 30 seconds, on that host and in that browser; the ticket becomes a session that ends with
the site's own. Without the mark, a ticket in a link could sign somebody in as somebody else.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import origins
from portico.gate.accounts import actions
from portico.gate.accounts.admission import leave_for
from portico.gate.permissions import Permission, public, requires
from portico.gate.state import gate, own_session

blueprint = Blueprint("hand_over", __name__, url_prefix="/-")


@blueprint.get("/enter")
@public
def enter() -> AnyResponse:
    """On an app's own host: fetch a ticket from the site, or turn one into a session."""
    site = gate().site
    onward = _path(request.args.get("next"))
    if request.host not in origins.own_hosts(site):
        return leave_for(origins.safe_next(site, request.args.get("next")))
    session = own_session()
    ticket = request.args.get("ticket")
    if ticket is None:
        query = urlencode({"host": request.host, "state": session.form_secret(), "next": onward})
        return redirect(f"{site.url}{url_for('hand_over.hand_over')}?{query}")
    started = actions.redeem_ticket(gate().db, ticket, request.host, session.form_secret())
    if started is None:
        abort(400, "This way in was open for a moment only. Open the app once more.")
    session.adopt(*started)
    return redirect(onward)


@blueprint.get("/hand-over")
@requires(Permission.SEE_PORTAL)
def hand_over() -> AnyResponse:
    """On the site: give the browser that asks a ticket for an app's own host."""
    site = gate().site
    host, state = request.args.get("host", ""), request.args.get("state", "")
    row_id = own_session().row_id
    if (
        host not in origins.own_hosts(site)
        or not state
        or row_id is None
        or not current_user.is_authenticated
    ):
        abort(400, "The site has no app at that address.")
    ticket = actions.issue_ticket(gate().db, row_id, host, state)
    query = urlencode({"ticket": ticket, "next": _path(request.args.get("next"))})
    return redirect(f"{urlsplit(site.url).scheme}://{host}{url_for('hand_over.enter')}?{query}")


def _path(target: str | None) -> str:
    """The target when it is a path of this host, else its start."""
    checked = origins.safe_next(gate().site, target)
    return checked if checked.startswith("/") else origins.HOME
