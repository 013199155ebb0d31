"""A person's own account: profile and password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, throttle
from portico.gate.accounts import actions, freshness, passwords
from portico.gate.accounts.entry import matches
from portico.gate.accounts.forms import ChangePasswordForm, NewPasswordForm, ProfileForm
from portico.gate.models import LinkedAccount, Person
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
    if not person.password:
        return _first_password(person)
    form = ChangePasswordForm(about=(person.email, person.name))
    if not form.validate_on_submit():
        return render_template("password.html", form=form)
    tried = (gate().db, "password", client_ip(), person.email)
    if seconds := throttle.take(*tried):
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    if not matches(person, form.current.data):
        form.current.errors = ["That is not your present password."]
        return render_template("password.html", form=form), 400
    throttle.passed(*tried)
    return _set(person, form.password.data, "Your password is changed. Other devices have been signed out.")


def _first_password(person: Person) -> AnyResponse | str:
    """Somebody who signs in with passkeys sets a password; whoever comes from another system has theirs there."""
    linked = select(LinkedAccount.id).where(LinkedAccount.person_id == person.id).limit(1)
    if gate().db.scalar(linked) is not None:
        flash("Your account has no password here: you sign in by way of another system.", "warning")
        return redirect(url_for("account.profile"))
    if not freshness.is_fresh():
        return freshness.ask()
    form = NewPasswordForm(about=(person.email, person.name))
    if not form.validate_on_submit():
        return render_template("password.html", form=form)
    return _set(person, form.password.data, "Your password is set. Other devices have been signed out.")


def _set(person: Person, text: str, message: str) -> AnyResponse:
    session = own_session()
    hashed = passwords.hash_password(text)
    token = actions.change_password(gate().db, actor(person.email), person, hashed, keep=session.row_id)
    if token is not None:
        session.renew(token)
    flash(message)
    return redirect(url_for("account.profile"))
