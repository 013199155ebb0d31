"""Coming in and going out: sign in, sign up, sign out, and what to do without the password."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user
from flask_security import hash_password, logout_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, origins, throttle
from portico.gate.accounts import actions, addresses, passwords
from portico.gate.accounts.admission import admit, leave_for
from portico.gate.accounts.forms import ConfirmForm, SignInForm, SignUpForm
from portico.gate.models import Person
from portico.gate.permissions import public
from portico.gate.state import actor, client_ip, gate, own_session
from portico.site import SignUp

blueprint = Blueprint("entry", __name__, url_prefix="/-")

WRONG = "Address or password are not right."
DISABLED = "This account is disabled. Ask an administrator of the site."
NOTICES = {
    "signed-out": "You have signed out.",
    "signed-up": "Almost there. Sign in with the address and the password that you chose. "
    "If you had an account with this address before, its password is still the old one.",
    "password-set": "Your new password is set. Sign in with it.",
}


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> AnyResponse | str | tuple[str, int]:
    """Ask for address and password.

    The whole query string is where to go next, if it leads into this site.
    """
    target = wanted()
    if current_user.is_authenticated:
        return leave_for(target)
    form = SignInForm()
    if not form.validate_on_submit():
        notice = next((text for key, text in NOTICES.items() if key in request.args), None)
        return render_template("sign_in.html", form=form, notice=notice, sign_up=with_next("sign_up", target))
    seconds = throttle.wait(gate().db, "sign-in", client_ip(), form.email.data)
    if seconds:
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    person = proven(form.email.data, form.password.data)
    if person is None or not person.active:
        throttle.failed(gate().db, "sign-in", client_ip(), form.email.data)
        actions.note_failed_sign_in(gate().db, client_ip(), addresses.normalised(form.email.data))
        wrong = DISABLED if person else WRONG
        return render_template(
            "sign_in.html", form=form, wrong=wrong, sign_up=with_next("sign_up", target)
        ), 401
    throttle.succeeded(gate().db, "sign-in", client_ip(), form.email.data)
    return admit(person, via="password", remember=bool(form.remember.data), target=target)


@blueprint.route("/sign-up", methods=["GET", "POST"])
@public
def sign_up() -> AnyResponse | str:
    """Make an account where the site is open to that.

    The answer is the same whether or not the address is taken. Where to go next comes along to the sign-in.
    """
    target = wanted()
    if gate().site.sign_up is not SignUp.OPEN:
        return render_template("sign_up_closed.html")
    if current_user.is_authenticated:
        return leave_for(target)
    form = SignUpForm()
    if not form.validate_on_submit():
        return render_template("sign_up.html", form=form, sign_in=with_next("sign_in", target))
    db, client, email = gate().db, client_ip(), form.email.data
    if seconds := throttle.wait(db, "sign-up", client, email):
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    throttle.failed(db, "sign-up", client, email)  # each sign-up counts: they are as costly as failures
    hashed = passwords.hash_password(form.password.data)
    try:
        actions.sign_up(db, actor(email), email, name=form.name.data or "", password_hash=hashed)
    except actions.AddressTakenError:
        actions.note_repeated_sign_up(db, client, email)
    return redirect(with_next("sign_in", target, notice="signed-up"))


@blueprint.route("/sign-out", methods=["GET", "POST"])
@public
def sign_out() -> AnyResponse | str:
    """Ask with GET, sign out with POST."""
    form = ConfirmForm()
    if request.method == "GET" and not current_user.is_authenticated:
        return redirect(url_for("entry.sign_in"))
    if not form.validate_on_submit():
        return render_template("sign_out.html", form=form)
    session = own_session()
    if current_user.is_authenticated and session.row_id is not None:
        actions.sign_out(gate().db, actor(current_user.email), session.row_id)
        logout_user()
    session.end()
    return redirect(f"{origins.site_origin(gate().site)}{url_for('entry.sign_in')}?signed-out")


@blueprint.get("/forgot")
@public
def forgot() -> str:
    """Says how to get a new password."""
    return render_template("forgot.html")


def wanted() -> str:
    """Where the visitor wants to go.

    The whole query string when it is an address, or the parameter `next`.
    """
    raw = request.query_string.decode("latin-1")
    whole = raw.startswith("/") or raw.startswith(("http://", "https://"))
    return origins.safe_next(gate().site, raw if whole else request.args.get("next"))


def with_next(page: str, target: str, notice: str = "") -> str:
    """The address of the sign-in or sign-up that remembers where the visitor wants to go."""
    onward = "" if target == origins.HOME else f"next={quote(target, safe='/')}"
    query = "&".join(part for part in (notice, onward) if part)
    return url_for(f"entry.{page}") + (f"?{query}" if query else "")


def proven(email: str, password: str) -> Person | None:
    """The person whose address and password these are. The work is the same when there is no such account."""
    person = find_by_address(addresses.normalised(email))
    if person is None or not person.password:
        hash_password(password)
        return None
    return person if matches(person, password) else None


def find_by_address(address: str) -> Person | None:
    """The person with this normalised address."""
    return gate().db.scalar(select(Person).where(Person.email == address))


def matches(person: Person, password: str) -> bool:
    """Whether this is the person's password; its hash is renewed when the cost of hashing has been raised."""
    return bool(person.verify_and_update_password(passwords.normalise(password)))
