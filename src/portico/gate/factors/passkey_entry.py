"""Signing in with nothing but a passkey: it says whose it is, and has checked who holds it."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, redirect, request
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, throttle
from portico.gate.accounts import actions as account_actions
from portico.gate.accounts.admission import admit, leave_for
from portico.gate.accounts.entry import wanted, with_next
from portico.gate.factors import passkeys, proof
from portico.gate.factors.forms import PasskeyForm
from portico.gate.factors.passkeys import AnswerError
from portico.gate.models import Passkey, Person
from portico.gate.permissions import public
from portico.gate.state import client_ip, gate

blueprint = Blueprint("passkey_entry", __name__, url_prefix="/-/passkey")

PURPOSE = "sign-in"
REFUSED = {
    "passkey-refused": "This passkey does not open an account here.",
    "passkey-late": proof.LATE,
    "passkey-unverified": passkeys.UNVERIFIED,
    "passkey-copied": proof.COPIED,
}


@blueprint.post("")
@public
def sign_in() -> AnyResponse:
    """Sign in whoever the passkey belongs to; where to go next comes along as on the sign-in page."""
    target = wanted()
    if current_user.is_authenticated:
        return leave_for(target)
    form = PasskeyForm()
    if not form.validate_on_submit():
        abort(400)
    answer = form.credential.data or ""
    tried = (gate().db, "passkey", client_ip(), _digest(answer))
    if seconds := throttle.take(*tried):
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    try:
        person = _owner(answer)
        proof.by_passkey(person, answer, PURPOSE, verified=True)
    except AnswerError as error:
        return redirect(with_next("entry.sign_in", target, notice=_reason(error)))
    throttle.passed(*tried)
    return admit(person, via="passkey", remember=form.remember.data == "yes", target=target, strong=True)


@blueprint.get("/options")
@public
def fresh_options() -> Response:
    """The same as on the page, for a page that has been open for long."""
    found = options()
    if found is None:
        abort(404)
    return Response(found, mimetype="application/json")


def options() -> str | None:
    """What the sign-in page tells the browser about passkeys, as JSON; None where there cannot be any."""
    site = gate().site
    if not passkeys.available(site):
        return None
    return passkeys.request_options(site, proof.new_challenge(PURPOSE), verified=True)


def address() -> str:
    """Where the sign-in page sends a passkey's answer: with it goes where the visitor wants to go."""
    return with_next("passkey_entry.sign_in", wanted())


def refusal() -> str | None:
    """Why the passkey before was refused, for the sign-in page to say."""
    return next((text for key, text in REFUSED.items() if key in request.args), None)


def _owner(answer: str) -> Person:
    """Whose passkey answers. AnswerError for an unknown one, and for a closed account: neither is told apart."""
    credential = passkeys.credential_in(answer)
    query = select(Person).join(Passkey, Passkey.person_id == Person.id)
    person = gate().db.scalar(query.where(Passkey.credential == credential))
    if person is None or not person.active or person.has_ended:
        account_actions.note_failed_sign_in(gate().db, client_ip(), person.email if person else "")
        raise AnswerError(passkeys.WRONG)
    return person


def _digest(answer: str) -> str:
    """What tries of one passkey are counted under; answers that name none are counted together."""
    try:
        return hashlib.sha256(passkeys.credential_in(answer).encode()).hexdigest()
    except AnswerError:
        return ""


def _reason(error: AnswerError) -> str:
    return next((key for key, text in REFUSED.items() if text == str(error)), "passkey-refused")
