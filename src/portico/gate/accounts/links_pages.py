"""The pages behind links that work once: the first administrator's account, a new password, and how to get one."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, known_browsers, mail, throttle
from portico.gate.accounts import actions, links, passwords, proofs
from portico.gate.accounts.admission import admit
from portico.gate.accounts.forms import AddressForm, NewPasswordForm, SignUpForm
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.people import count_administrators
from portico.gate.models import Person
from portico.gate.permissions import public
from portico.gate.state import client_ip, gate

blueprint = Blueprint("links", __name__, url_prefix="/-")


def spent() -> tuple[str, int]:
    """Says that the link is not good, and nothing about why."""
    return render_template("link_spent.html"), 404


@blueprint.route("/first-run/<token>", methods=["GET", "POST"])
@public
def first_run(token: str) -> AnyResponse | str | tuple[str, int]:
    """Make the first administrator's account, as long as there is none."""
    db = gate().db
    if links.find(db, LinkKind.FIRST_RUN, token) is None or count_administrators(db):
        return spent()
    form = SignUpForm()
    if not form.validate_on_submit():
        return render_template("first_run.html", form=form)
    hashed = passwords.hash_password(form.password.data)
    try:
        person = actions.create_first_administrator(
            db, client_ip(), token, form.email.data, name=form.name.data or "", password_hash=hashed
        )
    except actions.LinkSpentError:
        return spent()
    return admit(person, via="first-run link", remember=False, target=url_for("portal.portal"))


@blueprint.route("/forgot", methods=["GET", "POST"])
@public
def forgot() -> AnyResponse | str:
    """Send a link for a new password, the same answer for every address; without mail, say who can make one."""
    if not mail.configured(gate().site):
        return render_template("forgot.html")
    form = AddressForm()
    if not form.validate_on_submit():
        return render_template("forgot_by_mail.html", form=form)
    db, client, email = gate().db, client_ip(), form.email.data
    if seconds := throttle.take(db, "forgot", client, email):  # each one counts
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    proofs.ask_for_reset(db, client, email)
    return render_template("mail_sent.html", address=email, about="password")


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> AnyResponse | str | tuple[str, int]:
    """Set a new password.

    Opening the page changes nothing; the old password works until the new one is set.
    """
    db = gate().db
    link = links.find(db, LinkKind.RESET, token)
    person = db.get(Person, link.person_id) if link else None
    if person is None:
        return spent()
    form = NewPasswordForm(about=(person.email, person.name))
    if not form.validate_on_submit():
        return render_template("reset.html", form=form)
    try:
        actions.reset_password(db, client_ip(), token, passwords.hash_password(form.password.data))
    except actions.LinkSpentError:
        return spent()
    known_browsers.remember(
        person.email
    )  # the link was the proof: guessing by others must not keep them out now
    return redirect(f"{url_for('entry.sign_in')}?password-set")
