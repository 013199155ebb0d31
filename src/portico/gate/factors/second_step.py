"""The second step of a sign-in: a code, a passkey or a recovery code; or setting one up, where the site wants one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import failures
from portico.gate.accounts import admission
from portico.gate.accounts.entry import with_next
from portico.gate.accounts.forms import ConfirmForm
from portico.gate.factors import devices, enrolment, passkeys, pending, proof
from portico.gate.factors.actions import NotFirstError, passkeys_of
from portico.gate.factors.forms import DIGITS, CodeForm, NewAuthenticatorForm, NewPasskeyForm, PasskeyForm
from portico.gate.factors.holding import holding_of
from portico.gate.factors.passkeys import AnswerError
from portico.gate.factors.pending import Pending, Step
from portico.gate.factors.proof import Means, WaitError
from portico.gate.models import Person
from portico.gate.permissions import public
from portico.gate.state import actor, gate

blueprint = Blueprint("second_step", __name__, url_prefix="/-/second-step")

WRONG_CODE = "That code is not right. Codes work once, and only for a short time."
WRONG_RECOVERY = "That is none of your unused recovery codes."
PURPOSE, ENROLMENT = "second step", "enrolment"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who is waited for, and for what."""

    pending: Pending
    person: Person


def _waiting(step: Step) -> Waiting | None:
    found = pending.waiting()
    if found is None or found[0].step is not step:
        return None
    if step is Step.ENROL and holding_of(gate().db, found[1]).any:
        return None  # set up meanwhile, perhaps by the owner: whoever waits here has shown a password only
    return Waiting(*found)


@blueprint.route("", methods=["GET", "POST"])
@public
def second_step() -> AnyResponse | str | tuple[str, int]:
    """Ask for the second factor of whoever has given the first one in this browser."""
    if _waiting(Step.ENROL):
        return redirect(url_for("second_step.set_up"))
    waiting = _waiting(Step.PROVE)
    if waiting is None:
        return _elsewhere()
    form = CodeForm()
    if not form.validate_on_submit():
        return _page(waiting, form)
    try:
        means = proof.by_code(waiting.person, form.code.data)
    except WaitError as wait:
        return failures.answer(429, str(wait), retry_after=wait.seconds)
    if means is None:
        return _page(waiting, form, wrong=WRONG_RECOVERY if "recovery" in request.args else WRONG_CODE), 401
    return _complete(waiting, means, remember_device=bool(form.remember_device.data))


@blueprint.post("/passkey")
@public
def by_passkey() -> AnyResponse | str | tuple[str, int]:
    """Take a passkey's answer as the second factor."""
    waiting = _waiting(Step.PROVE)
    if waiting is None:
        return _elsewhere()
    form = PasskeyForm()
    if not form.validate_on_submit():
        abort(400)
    try:
        means = proof.by_passkey(waiting.person, form.credential.data or "", PURPOSE)
    except AnswerError as error:
        return _page(waiting, CodeForm(formdata=None), wrong=str(error)), 401
    return _complete(waiting, means, remember_device=bool(form.remember_device.data))


@blueprint.post("/leave")
@public
def leave() -> AnyResponse:
    """Begin again, as somebody else perhaps; where to go next comes along."""
    found = pending.waiting()
    if not ConfirmForm().validate_on_submit():
        abort(400)
    if not current_user.is_authenticated:
        pending.forget()
    return redirect(with_next("entry.sign_in", found[0].target if found else "/"))


@blueprint.get("/set-up")
@public
def set_up() -> AnyResponse | str:
    """Say that this account must have a second factor, and which there are."""
    waiting = _waiting(Step.ENROL)
    if waiting is None:
        return _elsewhere()
    return render_template(
        "factors/set_up.html",
        form=ConfirmForm(),
        person=waiting.person,
        passkeys=passkeys.available(gate().site),
    )


@blueprint.route("/authenticator", methods=["GET", "POST"])
@public
def authenticator() -> AnyResponse | str | tuple[str, int]:
    """Set up an authenticator app before the first entry."""
    waiting = _waiting(Step.ENROL)
    if waiting is None:
        return _elsewhere()
    form = NewAuthenticatorForm()
    if not form.validate_on_submit():
        return _porch("new_authenticator", form, **enrolment.show_authenticator(form, waiting.person))
    try:
        codes = enrolment.add_authenticator(form, waiting.person, first=True)
    except WaitError as wait:
        return failures.answer(429, str(wait), retry_after=wait.seconds)
    except NotFirstError:
        return _elsewhere()
    if codes is None:
        shown = enrolment.show_authenticator(form, waiting.person)
        return _porch("new_authenticator", form, **shown), 400
    return _enrolled(waiting, Means.AUTHENTICATOR, codes)


@blueprint.route("/new-passkey", methods=["GET", "POST"])
@public
def new_passkey() -> AnyResponse | str | tuple[str, int]:
    """Make a passkey before the first entry."""
    waiting = _waiting(Step.ENROL)
    if waiting is None or not passkeys.available(gate().site):
        return _elsewhere()
    form = NewPasskeyForm()
    if not form.validate_on_submit():
        return _porch("new_passkey", form, options=enrolment.creation_options(waiting.person, ENROLMENT))
    try:
        codes = enrolment.add_passkey(form, waiting.person, ENROLMENT, first=True)
    except NotFirstError:
        return _elsewhere()
    except UserError as error:
        options = enrolment.creation_options(waiting.person, ENROLMENT)
        return _porch("new_passkey", form, options=options, wrong=str(error)), 400
    return _enrolled(waiting, Means.PASSKEY, codes)


def _elsewhere() -> AnyResponse:
    """Nobody is waited for: to the portal, or to the sign-in."""
    return redirect(url_for("portal.home" if current_user.is_authenticated else "entry.sign_in"))


def _page(waiting: Waiting, form: CodeForm, wrong: str = "") -> str:
    db, site, person = gate().db, gate().site, waiting.person
    held = holding_of(db, person)
    recovering = "recovery" in request.args or not (held.authenticator or held.passkeys)
    keys = [passkey for passkey in passkeys_of(db, person) if not passkey.copied]
    if not recovering:
        form.code.description = "Six digits, from the authenticator app on your phone."
    usable = bool(keys) and passkeys.available(site) and not recovering
    challenge = proof.new_challenge(PURPOSE) if usable else b""
    return render_template(
        "factors/second_step.html",
        form=form,
        passkey_form=PasskeyForm(formdata=None),
        options=passkeys.request_options(site, challenge, keys, verified=False) if usable else None,
        held=held,
        recovering=recovering,
        person=person,
        digits=DIGITS,
        wrong=wrong,
        span=_span(site.sign_in.remember_device),
        can_remember=bool(site.sign_in.remember_device),
    )


def _span(seconds: float) -> str:
    """A time in days, or in hours when it is short."""
    days, hours = round(seconds / 86400), max(1, round(seconds / 3600))
    if days > 1:
        return f"{days} days"
    return "an hour" if hours == 1 else f"{hours} hours"


def _porch(page: str, form: Any, **values: Any) -> str:
    return render_template(
        f"factors/{page}_first.html", form=form, leave=ConfirmForm(formdata=None), **values
    )


def _complete(waiting: Waiting, means: Means, *, remember_device: bool) -> AnyResponse:
    """Begin the session, and go to where the sign-in was to lead."""
    _begin(waiting, means)
    site, person = gate().site, waiting.person
    if remember_device and site.sign_in.remember_device:
        agent = request.user_agent.string
        token = devices.remember(gate().db, actor(person.email), site, person, agent)
        devices.give_cookie(site, person, token)
    return admission.leave_for(waiting.pending.target)


def _enrolled(waiting: Waiting, means: Means, codes: enrolment.Codes) -> AnyResponse | str:
    """The person has what the site wants: begin the session, and show the recovery codes before anything else."""
    _begin(waiting, means)
    if not codes:
        return admission.leave_for(waiting.pending.target)
    return enrolment.codes_page(codes, onward=waiting.pending.target)


def _begin(waiting: Waiting, means: Means) -> None:
    via = f"{waiting.pending.via}, {means}"
    admission.begin_session(waiting.person, remember=waiting.pending.remember, via=via, strong=True)
