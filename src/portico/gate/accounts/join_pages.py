"""Making an account: on the register form, with the link that confirms it, with an invitation."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, mail, origins, throttle
from portico.gate.accounts import actions, asked, invitations, leaked, passwords, registration, sign_up_policy
from portico.gate.accounts.admission import admit, leave_for
from portico.gate.accounts.entry import wanted, with_next
from portico.gate.accounts.forms import AskForm, ConfirmForm, InvitedForm, SignUpForm, SignUpPasswordForm
from portico.gate.accounts.links_pages import spent
from portico.gate.models import Invitation
from portico.gate.permissions import public
from portico.gate.state import actor, client_ip, gate
from portico.site import SignUp

blueprint = Blueprint("join", __name__, url_prefix="/-")
TAKEN = "There is an account with this address. Sign in with it, then open the link again."


@blueprint.route("/sign-up", methods=["GET", "POST"])
@public
def sign_up() -> AnyResponse | str:
    """Make an account where the site is open to that.

    The answer is the same whether or not the address is taken. Where to go next comes along to the sign-in.
    """
    target = wanted()
    if current_user.is_authenticated:
        return leave_for(target)
    site = gate().site
    if not sign_up_policy.is_open(site):
        return render_template("sign_up_closed.html")
    if site.sign_up is SignUp.ASK:
        return _ask_for_account(with_next("entry.sign_in", target))
    form = SignUpForm()
    refused = None
    if form.validate_on_submit() and (refused := sign_up_policy.refusal(site, form.email.data)):
        form.email.errors = [refused]
    if refused or not form.is_submitted() or form.errors:
        return render_template(
            "sign_up.html",
            form=form,
            sign_in=with_next("entry.sign_in", target),
            domains=site.sign_up_domains,
        )
    return _ask(form, target, None)


@blueprint.route("/new-account/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> AnyResponse | str | tuple[str, int]:
    """Make the account that was asked for, once the password that was chosen is given."""
    db = gate().db
    request = registration.find(db, token)
    if request is None or current_user.is_authenticated or not _may_join(request):
        return spent()
    form = SignUpPasswordForm()
    if not form.validate_on_submit():
        return render_template("new_account.html", form=form, email=request.email)
    client = client_ip()
    if seconds := throttle.take(db, "new-account", client, request.email):
        return _too_many(seconds)
    if not passwords.verify(request.password_hash, form.password.data):
        form.password.errors = ["That is not the password that you chose on the form."]
        return render_template("new_account.html", form=form, email=request.email), 400
    throttle.passed(db, "new-account", client, request.email)
    try:
        person = registration.confirm(db, client, token)
    except (actions.LinkSpentError, actions.AddressTakenError):
        return spent()
    return admit(
        person, via="new account", remember=False, target=origins.safe_next(gate().site, request.target)
    )


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
def invitation(token: str) -> AnyResponse | str | tuple[str, int]:
    """Make the account of an invitation; who has one already accepts it with that."""
    db = gate().db
    found = invitations.find(db, token)
    if found is None:
        return spent()
    if current_user.is_authenticated:
        return _accept_as(token, found)
    form = InvitedForm(address=found.email)
    if not form.validate_on_submit():
        return _invited(form, token, found)
    if found.email is None and mail.configured(gate().site):
        return _ask(form, origins.HOME, found)
    return _accept_as_new(form, token, found)


@blueprint.get("/leaked/<prefix>")
@public
def leaked_with(prefix: str) -> AnyResponse:
    """The digests of leaked passwords that begin with these digits: with them a browser looks a password up by itself,
    and sends neither it nor its digest. The list is the same for everybody."""
    if not re.fullmatch(f"[0-9a-f]{{{leaked.PREFIX_LETTERS}}}", prefix):
        abort(404)
    response = Response(" ".join(leaked.beginning_with(prefix)), mimetype="text/plain")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _may_join(request: registration.Request) -> bool:
    """Whether who asked may still have an account: the site may have been closed since."""
    if request.invitation is not None or sign_up_policy.refusal(gate().site, request.email) is None:
        return True
    return invitations.waiting_for(gate().db, request.email) is not None


def _accept_as_new(form: InvitedForm, token: str, found: Invitation) -> AnyResponse | str | tuple[str, int]:
    """Make the account at once: the address was invited, or nobody can be asked to prove it."""
    db, client, email = gate().db, client_ip(), found.email or form.email.data
    if seconds := throttle.take(db, "invitation", client, email):
        return _too_many(seconds)
    hashed = passwords.hash_password(form.password.data)
    try:
        person = invitations.accept_as_new(
            db, client, token, email, name=form.name.data or "", password_hash=hashed
        )
    except actions.LinkSpentError:
        return spent()
    except actions.AddressTakenError:
        form.form_errors = [TAKEN]
        return _invited(form, token, found), 409
    return admit(person, via="invitation", remember=False, target=origins.HOME)


def _invited(form: InvitedForm, token: str, found: Invitation) -> str:
    return render_template("invitation.html", form=form, invitation=found, here=f"/-/invitation/{token}")


def _accept_as(token: str, found: Invitation) -> AnyResponse | str | tuple[str, int]:
    """The same for somebody who is signed in."""
    person = current_user._get_current_object()
    if found.email not in (None, person.email):
        return failures.answer(403, f"This invitation is for {found.email}. Sign out, then open it again.")
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render_template("invitation_accept.html", form=form, invitation=found)
    try:
        invitations.accept_as(gate().db, client_ip(), token, person)
    except actions.LinkSpentError:
        return spent()
    return redirect(url_for("portal.portal"))


def _ask(form: SignUpForm, target: str, found: Invitation | None) -> AnyResponse | str:
    """Write down what the form asks for; where the site sends no mail, make the account at once."""
    db, client, email = gate().db, client_ip(), form.email.data
    if seconds := throttle.take(
        db, "sign-up", client, email
    ):  # each one counts: they are as costly as failures
        return _too_many(seconds)
    hashed = passwords.hash_password(form.password.data)
    name = actions.tidy(form.name.data or "")
    if mail.configured(gate().site):
        number = found.id if found else None
        registration.ask(db, client, registration.Request(email, name, hashed, target, number))
        return render_template("mail_sent.html", address=email, about="new-account")
    try:
        actions.sign_up(db, actor(email), email, name=name, password_hash=hashed)
    except actions.AddressTakenError:
        actions.note_repeated_sign_up(db, client, email)
    return redirect(with_next("entry.sign_in", target, notice="signed-up"))


def _ask_for_account(sign_in: str) -> AnyResponse | str:
    """Write down who asks; an administrator answers. The same page for every address."""
    form = AskForm()
    if not form.validate_on_submit():
        return render_template("sign_up_ask.html", form=form, sign_in=sign_in)
    db, client, email = gate().db, client_ip(), form.email.data
    if seconds := throttle.take(db, "sign-up", client, email):  # each one counts
        return _too_many(seconds)
    asked.ask(db, client, email, actions.tidy(form.name.data or ""))
    return render_template("sign_up_asked.html", address=email)


def _too_many(seconds: int) -> AnyResponse:
    return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
