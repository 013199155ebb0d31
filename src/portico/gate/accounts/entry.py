"""Coming in and going out: sign in and sign out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user
from flask_security import logout_user, verify_password
from sqlalchemy import select, update
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import failures, known_browsers, origins, throttle
from portico.gate.accounts import actions, addresses, passwords
from portico.gate.accounts.admission import admit, leave_for
from portico.gate.accounts.forms import ConfirmForm, SignInForm
from portico.gate.models import Person
from portico.gate.permissions import public
from portico.gate.sso import departure, entrance, header, password_source
from portico.gate.state import actor, client_ip, gate, own_session

blueprint = Blueprint("entry", __name__, url_prefix="/-")

WRONG = "Address or password are not right."
DISABLED = "This account is disabled. Ask an administrator of the site."
NOTICES = {
    "account-deleted": "Your account is deleted.",
    "signed-out-everywhere": "You have signed out, here and everywhere else.",
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
        if notice is None and "form" not in request.args and request.method == "GET" and header.statement():
            return redirect(with_next("sso.by_proxy", target))
        return render_template(
            "sign_in.html", form=form, notice=notice, sign_up=with_next("join.sign_up", target)
        )
    return with_password(form, target)


def with_password(form: SignInForm, target: str) -> AnyResponse | tuple[str, int]:
    """Let in whoever has given address and password of an account, or of the directory; refuse the rest alike."""
    tried = (gate().db, "sign-in", client_ip(), form.email.data, known_browsers.mark_of(form.email.data))
    if seconds := throttle.take(*tried):
        return failures.answer(429, f"Too many tries. Try again in {seconds} seconds.", retry_after=seconds)
    person = proven(form.email.data, form.password.data)
    if person is None and (answer := from_directory(form, target, tried)) is not None:
        return answer
    if person is None or not person.active or person.has_ended:
        actions.note_failed_sign_in(gate().db, client_ip(), addresses.normalised(form.email.data))
        wrong = DISABLED if person else WRONG
        return render_template(
            "sign_in.html", form=form, wrong=wrong, sign_up=with_next("join.sign_up", target)
        ), 401
    throttle.passed(*tried)
    return admit(person, via="password", remember=bool(form.remember.data), target=target)


def from_directory(
    form: SignInForm, target: str, tried: tuple[Any, ...]
) -> AnyResponse | tuple[str, int] | None:
    """Let in whoever the site's directory knows by this name and password; None when it does not."""
    try:
        statement = password_source.ask(form.email.data, form.password.data)
    except password_source.NoDirectoryError as error:
        page = render_template(
            "sign_in.html", form=form, wrong=str(error), sign_up=with_next("join.sign_up", target)
        )
        return page, 503
    if statement is None:
        return None
    throttle.passed(*tried)
    rules = entrance.directory_rules(gate().site)
    return entrance.receive(statement, rules, target=target, remember=bool(form.remember.data))


@blueprint.route("/sign-out", methods=["GET", "POST"])
@public
def sign_out() -> AnyResponse | str:
    """Ask with GET, sign out with POST."""
    form = ConfirmForm()
    if request.method == "GET" and not current_user.is_authenticated:
        return redirect(url_for("entry.sign_in"))
    if not form.validate_on_submit():
        return render_template("sign_out.html", form=form)
    session, begun = own_session(), departure.began_at()
    if current_user.is_authenticated and session.row_id is not None:
        actions.sign_out(gate().db, actor(current_user.email), session.row_id)
        logout_user()
    session.end()
    home = f"{origins.site_origin(gate().site)}{url_for('entry.sign_in')}?signed-out"
    return departure.lead_on(begun) or redirect(home)


def wanted() -> str:
    """Where the visitor wants to go.

    The whole query string when it is an address, or the parameter `next`.
    """
    raw = request.query_string.decode("latin-1")
    whole = raw.startswith("/") or raw.startswith(("http://", "https://"))
    return origins.safe_next(gate().site, raw if whole else request.args.get("next"))


def with_next(endpoint: str, target: str, notice: str = "") -> str:
    """The address of the sign-in or sign-up page that remembers where the visitor wants to go."""
    onward = "" if target == origins.HOME else f"next={quote(target, safe='/')}"
    query = "&".join(part for part in (notice, onward) if part)
    return url_for(endpoint) + (f"?{query}" if query else "")


def proven(email: str, password: str) -> Person | None:
    """The person whose address and password these are.

    The work is the same when there is no such account, or none with a password: one look, one hash to compare with.
    """
    kept = (
        gate()
        .db.execute(select(Person.id, Person.password).where(Person.email == addresses.normalised(email)))
        .first()
    )
    known = kept.password if kept is not None else None
    right = verify_password(passwords.normalise(password), known or passwords.of_nobody())
    if kept is None or not known or not right:
        return None
    person = gate().db.get(Person, kept.id)
    if person is None or person.password != known:  # changed while it was compared
        return None
    _renew_hash(person, password)
    return person


def matches(person: Person, password: str) -> bool:
    """Whether this is the person's password; its hash is renewed when the cost of hashing has been raised."""
    if not person.password or not verify_password(passwords.normalise(password), person.password):
        return False
    _renew_hash(person, password)
    return True


def _renew_hash(person: Person, password: str) -> None:
    """Hash at today's cost, with the next commit; but a password that was set meanwhile stays."""
    known = person.password
    if known and passwords.is_outdated(known):
        same = update(Person).where(Person.id == person.id, Person.password == known)
        gate().db.execute(same.values(password=passwords.hash_password(password)))
