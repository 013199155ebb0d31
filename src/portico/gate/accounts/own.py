"""A person's own account: profile and password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, throttle
from portico.gate.accounts import actions, passwords
from portico.gate.accounts.entry import matches
from portico.gate.accounts.forms import ChangePasswordForm, ProfileForm
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, client_ip, gate, own_session

blueprint = Blueprint("account", __name__, url_prefix="/-")


@blueprint.route("/profile", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT)
def profile() -> AnyResponse | str:
    """Show address and roles; change the name."""
    form = ProfileForm(obj=current_user)
    if not form.validate_on_submit():
        return render_template("profile.html", form=form)
    actions.rename(
        gate().db, actor(current_user.email), current_user._get_current_object(), form.name.data or ""
    )
    flash("Saved.")
    return redirect(url_for("account.profile"))


@blueprint.route("/password", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT)
def password() -> AnyResponse | str | tuple[str, int]:
    """Change the password: the present one is asked for, other sessions end, this one gets a new token."""
    person = current_user._get_current_object()
    form = ChangePasswordForm(about=(person.email, person.name))
    if not form.validate_on_submit():
        return render_template("password.html", form=form)
    db, client = gate().db, client_ip()
    if seconds := throttle.wait(db, "password", client, person.email):
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    if not matches(person, form.current.data):
        throttle.failed(db, "password", client, person.email)
        form.current.errors = ["That is not your present password."]
        return render_template("password.html", form=form), 400
    session = own_session()
    hashed = passwords.hash_password(form.password.data)
    token = actions.change_password(db, actor(person.email), person, hashed, keep=session.row_id)
    if token is not None:
        session.renew(token)
    flash("Your password is changed. Other devices have been signed out.")
    return redirect(url_for("account.profile"))
