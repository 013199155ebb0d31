"""The way in for somebody for whom another place vouches: `accounts.admission`, and then where the session began."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app, make_response, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate.accounts import freshness
from portico.gate.accounts.admission import admit
from portico.gate.models import Person
from portico.gate.sso import join_mark, origin
from portico.gate.sso.arrival import Join, Refusal, Rules, Visit, Welcome, arrive
from portico.gate.sso.provider import ProviderClient
from portico.gate.sso.statement import Statement
from portico.gate.state import client_ip, gate, own_session
from portico.site import Provider, Site

EXTENSION = "portico_providers"


def provider_client(name: str) -> ProviderClient | None:
    """The provider of that name."""
    known: dict[str, ProviderClient] = current_app.extensions[EXTENSION]
    return known.get(name)


def rules_of(provider: Provider) -> Rules:
    """What the site does with people from this provider."""
    return Rules(provider.roles, provider.sign_up, provider.joins)


def directory_rules(site: Site) -> Rules:
    """What the site does with people from its directory."""
    directory = site.sources.directory
    return Rules(directory.roles, directory.sign_up, directory.joins) if directory else Rules()


def receive(statement: Statement, rules: Rules, *, target: str, remember: bool = False) -> AnyResponse:
    """Let in whoever the statement is about, or say what stands in the way."""
    arrival = arrive(gate().db, Visit(gate().site, client_ip(), statement, rules, target))
    match arrival:
        case Welcome(person, instead):
            return let_in(person, statement, target=instead or target, remember=remember)
        case Join(token):
            response = redirect(url_for("sso.join", token=token))
            join_mark.give(response, token)
            return response
        case Refusal(why):
            return refused(why, 403)


def let_in(person: Person, statement: Statement, *, target: str, remember: bool = False) -> AnyResponse:
    """Admit the person, and keep where the session began; across the second step, too."""
    via = f"{statement.source}, second factor there" if statement.several_factors else statement.source
    response = admit(person, via=via, remember=remember, target=target, strong=statement.several_factors)
    session, data = own_session(), origin.as_data(person, statement)
    if current_user.is_authenticated and session.row_id is not None:
        origin.keep(gate().db, person, session.row_id, data)
        if statement.id_token is not None:
            freshness.date_back(gate().db, session.row_id, _moment(statement.proven_at))
    else:
        session[origin.KEY] = data
    return response


def _moment(seconds: float | None) -> datetime | None:
    """A time that a provider gave; None for one that cannot be."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def refused(why: str, status: int, title: str = "You are not signed in") -> AnyResponse:
    """A page that says what stands in the way, with the ways to go on."""
    return make_response(render_template("sso/refused.html", heading=title, why=why), status)
