"""/-/confirm: asks who is there once more, before a change that somebody at an open screen must not make."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, origins, throttle
from portico.gate.accounts import actions as account_actions
from portico.gate.accounts import freshness
from portico.gate.accounts.entry import matches
from portico.gate.accounts.forms import ConfirmForm
from portico.gate.factors import passkeys, proof
from portico.gate.factors.actions import note_failed_step, passkeys_of
from portico.gate.factors.forms import ConfirmItIsYouForm, PasskeyForm
from portico.gate.factors.holding import holding_of
from portico.gate.factors.passkeys import AnswerError
from portico.gate.factors.proof import WaitError
from portico.gate.models import Person
from portico.gate.permissions import Permission, requires
from portico.gate.sso import password_source
from portico.gate.state import actor, client_ip, gate, own_session

blueprint = Blueprint("confirm", __name__, url_prefix="/-/confirm")

PURPOSE = "confirm"
WRONG = {"password": "That is not your password.", "code": "That code is not right."}


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT)
def confirm() -> AnyResponse | str | tuple[str, int]:
    """Ask for the password or a code."""
    person = current_user._get_current_object()
    form = ConfirmItIsYouForm()
    if not form.validate_on_submit():
        return _page(person, form)
    try:
        via = _by_password(person, form) if form.password.data else _by_code(person, form)
    except WaitError as wait:
        return failures.answer(429, str(wait), retry_after=wait.seconds)
    if via is None:
        return _page(person, form), 401
    return _confirmed(person, via)


@blueprint.post("/passkey")
@requires(Permission.KEEP_OWN_ACCOUNT)
def by_passkey() -> AnyResponse | tuple[str, int]:
    """Take a passkey's answer as the proof."""
    person = current_user._get_current_object()
    form = PasskeyForm()
    if not form.validate_on_submit():
        abort(400)
    try:
        means = proof.by_passkey(person, form.credential.data or "", PURPOSE)
    except AnswerError as error:
        return _page(person, ConfirmItIsYouForm(formdata=None), wrong=str(error)), 401
    return _confirmed(person, means)


@blueprint.post("/again")
@requires(Permission.KEEP_OWN_ACCOUNT)
def sign_in_again() -> AnyResponse:
    """For people who have no proof of their own here (single sign-on): sign out, and in again, and back."""
    if not ConfirmForm().validate_on_submit():
        abort(400)
    session = own_session()
    if session.row_id is not None:
        account_actions.sign_out(gate().db, actor(current_user.email), session.row_id)
    session.end()
    return redirect(f"{url_for('entry.sign_in')}?{_onward()}")


def _by_password(person: Person, form: ConfirmItIsYouForm) -> str | None:
    tried = (gate().db, "confirm", client_ip(), person.email)
    if seconds := throttle.take(*tried):
        raise WaitError(seconds)
    if not _is_password(person, form.password.data):
        note_failed_step(gate().db, actor(person.email), person, "password")
        form.password.errors = [WRONG["password"]]
        return None
    throttle.passed(*tried)
    return "password"


def _is_password(person: Person, password: str) -> bool:
    """Whether this is the person's password here, or in the site's directory."""
    if person.password and matches(person, password):
        return True
    try:
        return password_source.knows(gate().db, person, password)
    except password_source.NoDirectoryError as error:
        abort(503, str(error))


def _by_code(person: Person, form: ConfirmItIsYouForm) -> str | None:
    means = proof.by_code(person, form.code.data, recovery_codes=False) if form.code.data else None
    if means is None:
        form.code.errors = [WRONG["code"]]
    return means


def _confirmed(person: Person, via: str) -> AnyResponse:
    session = own_session()
    assert session.row_id is not None  # noqa: S101  the view is for people who are signed in
    token = freshness.renew(gate().db, actor(person.email), session.row_id, via)
    if token is None:
        abort(401)
    session.renew(token)
    return redirect(_onward())


def _onward() -> str:
    return origins.safe_next(gate().site, request.args.get("next"))


def _page(person: Person, form: ConfirmItIsYouForm, wrong: str = "") -> str:
    db, site = gate().db, gate().site
    held = holding_of(db, person)
    keys = [passkey for passkey in passkeys_of(db, person) if not passkey.copied]
    usable = bool(keys) and passkeys.available(site)
    challenge = proof.new_challenge(PURPOSE) if usable else b""
    return render_template(
        "factors/confirm.html",
        form=form,
        passkey_form=PasskeyForm(formdata=None),
        options=passkeys.request_options(site, challenge, keys, verified=False) if usable else None,
        held=held,
        has_password=bool(person.password) or password_source.account_of(db, person) is not None,
        next=request.args.get("next", ""),
        wrong=wrong,
    )
