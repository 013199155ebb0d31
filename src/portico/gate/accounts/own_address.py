"""A person's own address: prove that it is theirs, move the account to another one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import failures, mail, throttle
from portico.gate.accounts import actions, links, proofs
from portico.gate.accounts.forms import ConfirmForm, NewAddressForm
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.links_pages import spent
from portico.gate.models import Person
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, client_ip, gate

blueprint = Blueprint("own_address", __name__, url_prefix="/-")


@blueprint.route("/profile/address", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def address() -> AnyResponse | str:
    """Ask for a link to a new address; nothing changes until it is used."""
    if not mail.configured(gate().site):
        return render_template("own/address_without_mail.html")
    person = _me()
    form = NewAddressForm(present=person.email)
    if not form.validate_on_submit():
        return render_template("own/address.html", form=form)
    db, client = gate().db, client_ip()
    if seconds := throttle.take(
        db, "new-address", client, person.email
    ):  # each one counts: each sends a mail
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    proofs.ask_for_new_address(db, actor(person.email), person, form.email.data)
    flash(f"A mail is on its way to {form.email.data}. Open the link in it in this browser, within a day.")
    return redirect(url_for("account.profile"))


@blueprint.route("/new-address/<token>", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT)
def new_address(token: str) -> AnyResponse | str | tuple[str, int]:
    """Move the account to the address that the link was sent to."""
    person = _me()
    wanted = proofs.pending_address(gate().db, token, person)
    if wanted is None:
        return spent()
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render_template("own/new_address.html", form=form, address=wanted)
    try:
        proofs.use_address_link(gate().db, client_ip(), token, person)
    except UserError:  # used meanwhile, or somebody has the address meanwhile
        return spent()
    flash(f"Your address is {wanted} now. Sign in with it from now on.")
    return redirect(url_for("account.profile"))


@blueprint.post("/profile/verify")
@requires(Permission.KEEP_OWN_ACCOUNT)
def ask_to_verify() -> AnyResponse:
    """Send a link that proves the address."""
    person = _me()
    if person.email_verified or not mail.configured(gate().site):
        return redirect(url_for("account.profile"))
    proofs.ask_for_verification(gate().db, actor(person.email), person)
    flash(f"A mail is on its way to {person.email}. Open the link in it in this browser, within a day.")
    return redirect(url_for("account.profile"))


@blueprint.route("/verify/<token>", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT)
def verify(token: str) -> AnyResponse | str | tuple[str, int]:
    """Prove the address: by the link, in the account itself, so that nobody proves it for somebody else's account."""
    person = _me()
    link = links.find(gate().db, LinkKind.VERIFY, token)
    if link is None or link.person_id != person.id:
        return spent()
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render_template("own/verify.html", form=form)
    try:
        proofs.verify(gate().db, client_ip(), token, person)
    except actions.LinkSpentError:
        return spent()
    flash("Your address is confirmed.")
    return redirect(url_for("account.profile"))


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person
