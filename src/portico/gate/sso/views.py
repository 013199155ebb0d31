"""The pages of a sign-in at a provider: away, back, joining accounts, and the provider's word that it is over."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import CSRFProtect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import audit, origins
from portico.gate.accounts import freshness, links
from portico.gate.accounts.actions import LinkSpentError
from portico.gate.accounts.admission import leave_for
from portico.gate.accounts.entry import wanted, with_next
from portico.gate.accounts.forms import ConfirmForm
from portico.gate.accounts.transactions import one_transaction
from portico.gate.models import Person, SessionRow
from portico.gate.permissions import public
from portico.gate.sso import arrival, entrance, flow, header, join_mark, linked, origin, password_source
from portico.gate.sso.calls import SilentError
from portico.gate.sso.entrance import EXTENSION, provider_client, receive, refused, rules_of
from portico.gate.sso.flow import Flow, Purpose
from portico.gate.sso.linked import NotYoursError
from portico.gate.sso.provider import ProviderClient
from portico.gate.sso.statement import Statement
from portico.gate.sso.tokens import SKEW
from portico.gate.sso.web import BadAnswerError
from portico.gate.state import actor, client_ip, gate, own_session
from portico.site import Site

blueprint = Blueprint("sso", __name__, url_prefix="/-/sso")
log = logging.getLogger(__name__)

STALE = "This sign-in was open for too long, was used before, or began in another browser. Begin it again."
NOT_THERE = {
    "access_denied": "The sign-in at {title} was cancelled, or {title} does not let you use this site.",
    "login_required": "{title} wants you to sign in there first. Try again.",
    "temporarily_unavailable": "{title} is not available at the moment. Try again soon.",
}


def install(app: Flask, site: Site, csrf: CSRFProtect) -> None:
    """Make the providers' clients, and the pages. What a provider's server sends carries its own signature."""
    password_source.install(app, site)
    header.install(app, site)
    app.extensions[EXTENSION] = {one.name: ProviderClient(one) for one in site.sources.providers}
    from portico.gate.sso import own_accounts

    app.register_blueprint(blueprint)
    app.register_blueprint(own_accounts.blueprint)
    app.jinja_env.globals.update(joined_providers=own_accounts.joined_providers, onward=_onward)
    csrf.exempt(logged_out)


@blueprint.get("/<provider>/start")
@public
def start(provider: str) -> AnyResponse:
    """Send the browser to the provider; the query says where to go afterwards."""
    client = _client(provider)
    target = wanted()
    if current_user.is_authenticated:
        return leave_for(target)
    return _away(client, Purpose.SIGN_IN, target)


@blueprint.get("/<provider>/callback")
@public
def callback(provider: str) -> AnyResponse:
    """Take up what the provider says about the person who comes back."""
    client = _client(provider)
    title = client.provider.title
    under_way = flow.resume(client, request.args.get("state", ""))
    if under_way is None:
        return refused(STALE, 400)
    try:
        _check_sender(client)
        if error := request.args.get("error"):
            text = NOT_THERE.get(error, "The sign-in at {title} did not work. Try again.")
            log.warning("%s sent somebody back with the error %r", title, error[:80])
            return refused(text.format(title=title), 403)
        statement = client.redeem(
            request.args.get("code", ""),
            nonce=under_way.nonce,
            verifier=under_way.verifier,
            back=flow.back_to(client),
        )
    except (SilentError, BadAnswerError) as error:
        return _failed(client, error)
    return _come_back(under_way, client, statement)


@blueprint.route("/join/<token>", methods=["GET", "POST"])
@public
def join(token: str) -> AnyResponse | str:
    """Join an account elsewhere to the one here that has its address, once the owner of that has signed in to it."""
    found = links.find(gate().db, links.LinkKind.JOIN, token)
    if found is None or not join_mark.has(token):
        return refused(STALE, 400)
    kept = Statement.from_json(found.data["statement"])
    here = url_for("sso.join", token=token)
    if not current_user.is_authenticated:
        sign_in = with_next(
            "entry.sign_in", here, notice="form"
        )  # the form, though a proxy may vouch for somebody
        return render_template("sso/join_first.html", statement=kept, sign_in=sign_in)
    if current_user.id != found.person_id:
        return refused(f"You are signed in as {current_user.email}. Sign out first, and begin again.", 403)
    row_id = own_session().row_id
    proven = gate().db.scalar(select(SessionRow.proven_at).where(SessionRow.id == row_id))
    if proven is None or proven < found.created_at or not freshness.is_fresh():
        return freshness.ask()
    return _ask_to_join(token, kept)


def _ask_to_join(token: str, kept: Statement) -> AnyResponse | str:
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render_template("sso/join.html", statement=kept, form=form)
    try:
        statement, target = linked.use_join_link(gate().db, current_user._get_current_object(), token)
    except LinkSpentError:
        return refused(STALE, 400)
    return _join(statement, target)


@blueprint.get("/proxy")
@public
def by_proxy() -> AnyResponse:
    """Let in whoever the proxy before the site vouches for."""
    target = wanted()
    if current_user.is_authenticated:
        return leave_for(target)
    statement = header.statement()
    if statement is None:
        return redirect(with_next("entry.sign_in", target, notice="form"))
    return receive(statement, header.rules(gate().site), target=target)


@blueprint.get("/signed-out")
@public
def signed_out() -> AnyResponse:
    """Where a provider sends the browser back to after the end there."""
    return redirect(f"{url_for('entry.sign_in')}?signed-out")


@blueprint.post("/<provider>/logged-out")
@public
def logged_out(provider: str) -> tuple[AnyResponse, int]:
    """Back-channel logout: end the sessions that the provider's signed token is about."""
    client = provider_client(provider)
    if client is None:
        return jsonify(error="invalid_request"), 400
    try:
        notice = client.logout_notice(request.form.get("logout_token"))
    except BadAnswerError as error:
        log.warning("a logout notice for %s is refused: %s", client.provider.title, error)
        return jsonify(error="invalid_request"), 400
    except SilentError as error:
        log.warning("a logout notice of %s cannot be checked: %s", client.provider.title, error)
        return jsonify(error="temporarily_unavailable"), 503
    ended = origin.end(gate().db, client_ip(), client.source, notice)
    if ended is None:
        return jsonify(error="invalid_request", error_description="this token was used before"), 400
    return jsonify(ended=ended), 200


def depart(client: ProviderClient, purpose: Purpose, target: str) -> AnyResponse | str:
    """The same as `start`, for somebody who is signed in and has sent a form.

    A browser lets no form lead to another site (form-action), so a page of ours leads on.
    """
    try:
        away = flow.begin(client, purpose, target, current_user.fs_uniquifier)
    except (SilentError, BadAnswerError) as error:
        return _failed(client, error)
    return render_template("sso/onward.html", title=client.provider.title, away=away)


def _client(name: str) -> ProviderClient:
    client = provider_client(name)
    if client is None:
        abort(404)
    return client


def _away(client: ProviderClient, purpose: Purpose, target: str) -> AnyResponse:
    try:
        return redirect(flow.begin(client, purpose, target))
    except (SilentError, BadAnswerError) as error:
        return _failed(client, error)


def _check_sender(client: ProviderClient) -> None:
    """The answer must be this provider's and no other's (RFC 9207)."""
    sender = request.args.get("iss")
    if sender is not None and sender != client.provider.issuer:
        raise BadAnswerError(f"the answer is of another issuer: {sender[:200]!r}")
    if sender is None and client.metadata().names_itself:
        raise BadAnswerError("the answer does not say whose it is, and this provider always does")


def _come_back(under_way: Flow, client: ProviderClient, statement: Statement) -> AnyResponse:
    if under_way.purpose is Purpose.SIGN_IN:
        return receive(statement, rules_of(client.provider), target=under_way.target)
    if not current_user.is_authenticated or current_user.fs_uniquifier != under_way.uid:
        return refused(STALE, 400)
    if under_way.purpose is Purpose.LINK:
        if freshness.is_fresh():
            return _join(statement, under_way.target)
        flash("That took too long. Join them once more.", "error")
        return redirect(under_way.target)
    return _confirm(under_way, client, statement)


def _join(statement: Statement, target: str) -> AnyResponse:
    person = current_user._get_current_object()
    provider = gate().site.sources.provider(statement.source.removeprefix("sso."))
    rules = rules_of(provider) if provider else entrance.directory_rules(gate().site)
    try:
        linked.join(gate().db, actor(person.email), person, statement, rules)
    except NotYoursError as error:
        return refused(str(error), 403, "The accounts are not joined")
    flash(f"From now on you can sign in with your account at {statement.title}.")
    return leave_for(target)


def _confirm(under_way: Flow, client: ProviderClient, statement: Statement) -> AnyResponse:
    """A fresh sign-in there counts as a fresh proof here, when it is of the account that is joined to this one.

    A few providers never say when somebody signed in (Google), and may have asked nobody. Who has another proof here gives
    that; of the others nothing better is to be had than that the person came back.
    """
    person, session = current_user._get_current_object(), own_session()
    account = arrival.find(gate().db, statement)
    if account is None or account.person_id != person.id:
        return refused(f"That is another account at {statement.title} than yours.", 403, "Not confirmed")
    if not _is_recent(under_way, client, statement, person):
        why = f"{statement.title} does not say that it asked you who you are. Confirm another way, or sign in again."
        return refused(why, 403, "Not confirmed")
    if session.row_id is None:
        abort(401)
    token = freshness.renew(gate().db, actor(person.email), session.row_id, statement.source)
    if token is None:
        abort(401)
    session.renew(token)
    return leave_for(under_way.target)


def _is_recent(under_way: Flow, client: ProviderClient, statement: Statement, person: Person) -> bool:
    if statement.proven_at is None:
        return not client.metadata().tells_when and not linked.has_proof_here(gate().db, person)
    return statement.proven_at >= under_way.began_at - SKEW


def _failed(client: ProviderClient, error: Exception) -> AnyResponse:
    """A page for people; the reason is for the log and the audit."""
    title = client.provider.title
    log.warning("a sign-in at %s failed: %s", title, error)
    if isinstance(error, SilentError):
        response = refused(
            f"{title} gives no answer at the moment. Try again in a minute, or sign in another way.", 503
        )
        response.headers["Retry-After"] = "15"
        return response
    _note_bad_answer(gate().db, client, str(error))
    return refused(f"What {title} said could not be relied on, so you are not signed in. Try again.", 403)


@one_transaction
def _note_bad_answer(db: Session, client: ProviderClient, why: str) -> None:
    nobody = audit.Actor("nobody", client_ip())
    audit.note(db, nobody, "sign-in-refused", "", via=client.source, why=why[:300])


def _onward() -> str | None:
    """Where the visitor of the sign-in page wants to go; None: nowhere in particular."""
    target = wanted()
    return target if target != origins.HOME else None
