"""/-/security: a person's own second factors, passkeys, recovery codes and remembered devices."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import failures
from portico.gate.accounts.device_names import device_name
from portico.gate.accounts.forms import ConfirmForm
from portico.gate.factors import actions, devices, enrolment, passkeys, recovery
from portico.gate.factors.forms import NameForm, NewAuthenticatorForm, NewPasskeyForm
from portico.gate.factors.holding import holding_of, is_required, strengthen
from portico.gate.factors.proof import WaitError
from portico.gate.models import Authenticator, Passkey, Person
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, gate, own_session

blueprint = Blueprint("security", __name__, url_prefix="/-/security")

PURPOSE = "new passkey"
mine = requires(Permission.KEEP_OWN_ACCOUNT)
mine_fresh = requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)


@blueprint.get("")
@mine
def security() -> str:
    """Show what protects the account."""
    db, person = gate().db, me()
    return render_template(
        "factors/security.html",
        held=holding_of(db, person),
        authenticator=db.get(Authenticator, person.id),
        passkeys=actions.passkeys_of(db, person),
        devices=devices.devices_of(db, person),
        required=is_required(db, gate().site, person),
        available=passkeys.available(gate().site),
        form=ConfirmForm(),
        device_name=device_name,
    )


@blueprint.route("/authenticator", methods=["GET", "POST"])
@mine_fresh
def authenticator() -> AnyResponse | str | tuple[str, int]:
    """Set up an authenticator app, or another one in place of it."""
    form, person = NewAuthenticatorForm(), me()
    if not form.validate_on_submit():
        shown = enrolment.show_authenticator(form, person)
        return render_template("factors/new_authenticator.html", form=form, **shown)
    try:
        codes = enrolment.add_authenticator(form, person)
    except WaitError as wait:
        return failures.answer(429, str(wait), retry_after=wait.seconds)
    if codes is None:
        shown = enrolment.show_authenticator(form, person)
        return render_template("factors/new_authenticator.html", form=form, **shown), 400
    return _added("Your authenticator app is set up.", codes)


@blueprint.post("/authenticator/remove")
@mine_fresh
def remove_authenticator() -> AnyResponse:
    """Take the authenticator app away."""
    _sent()
    return _done(
        lambda: actions.remove_authenticator(gate().db, actor(me().email), gate().site, me()),
        "The authenticator app is removed.",
    )


@blueprint.route("/passkeys/new", methods=["GET", "POST"])
@mine_fresh
def new_passkey() -> AnyResponse | str | tuple[str, int]:
    """Make a passkey."""
    if not passkeys.available(gate().site):
        abort(404)
    form, person = NewPasskeyForm(), me()
    if not form.validate_on_submit():
        options = enrolment.creation_options(person, PURPOSE)
        return render_template("factors/new_passkey.html", form=form, options=options)
    try:
        codes = enrolment.add_passkey(form, person, PURPOSE)
    except UserError as error:
        options = enrolment.creation_options(person, PURPOSE)
        return render_template("factors/new_passkey.html", form=form, options=options, wrong=str(error)), 400
    return _added("Your passkey is set up.", codes)


@blueprint.route("/passkeys/<int:passkey_id>", methods=["GET", "POST"])
@mine_fresh
def passkey(passkey_id: int) -> AnyResponse | str:
    """Show one passkey; give it another name."""
    found = _passkey(passkey_id)
    form = NameForm(obj=found)
    if not form.validate_on_submit():
        return render_template(
            "factors/passkey.html", form=form, passkey=found, remove=ConfirmForm(formdata=None)
        )
    actions.rename_passkey(gate().db, actor(me().email), me(), found.id, form.name.data)
    flash("Saved.")
    return redirect(url_for("security.security"))


@blueprint.post("/passkeys/<int:passkey_id>/remove")
@mine_fresh
def remove_passkey(passkey_id: int) -> AnyResponse:
    """Take one passkey away."""
    _sent()
    found = _passkey(passkey_id)
    return _done(
        lambda: actions.remove_passkey(gate().db, actor(me().email), gate().site, me(), found.id),
        f"The passkey “{found.name}” is removed. Delete it on your device, too.",
    )


@blueprint.route("/recovery-codes", methods=["GET", "POST"])
@mine_fresh
def recovery_codes() -> AnyResponse | str:
    """Make new recovery codes in place of the old ones, and show them."""
    db, person, form = gate().db, me(), ConfirmForm()
    held = holding_of(db, person)
    if not held.any:
        return redirect(url_for("security.security"))
    if not form.validate_on_submit():
        return render_template("factors/recovery_codes.html", form=form, held=held)
    codes = actions.renew_codes(db, actor(person.email), person, recovery.make())
    return enrolment.codes_page(codes, onward=url_for("security.security"))


@blueprint.post("/devices/forget")
@mine
def forget_devices() -> AnyResponse:
    """Ask all browsers for the second factor again."""
    _sent()
    devices.forget(gate().db, actor(me().email), me())
    flash("All devices are asked for the second factor again.")
    return redirect(url_for("security.security"))


@blueprint.post("/devices/<int:device_id>/forget")
@mine
def forget_device(device_id: int) -> AnyResponse:
    """Ask one browser for the second factor again."""
    _sent()
    if devices.forget(gate().db, actor(me().email), me(), device_id):
        flash("That device is asked for the second factor again.")
    return redirect(url_for("security.security"))


def me() -> Person:
    """The person who asks."""
    found: Person = current_user._get_current_object()
    return found


def _sent() -> None:
    if not ConfirmForm().validate_on_submit():
        abort(400)


def _passkey(passkey_id: int) -> Passkey:
    try:
        return actions.passkey_of(gate().db, me(), passkey_id)
    except UserError:
        abort(404)


def _added(message: str, codes: enrolment.Codes) -> AnyResponse | str:
    session_id = own_session().row_id
    if session_id is not None:
        strengthen(gate().db, session_id)
    flash(message)
    home = url_for("security.security")
    return enrolment.codes_page(codes, onward=home) if codes else redirect(home)


def _done(change: Callable[[], None], message: str) -> AnyResponse:
    try:
        change()
    except actions.LastFactorError as error:
        flash(str(error), "error")
    else:
        flash(message)
    return redirect(url_for("security.security"))
