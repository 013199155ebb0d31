"""A person's own API tokens."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import clock, paging
from portico.gate.models import Person
from portico.gate.permissions import Permission, requires
from portico.gate.policy import decide_at
from portico.gate.state import actor, gate
from portico.gate.tokens import actions, listing, scopes
from portico.gate.tokens.forms import NewTokenForm
from portico.gate.visitors import of_person
from portico.site import App
from portico.site.path_rules import APP_ITSELF

blueprint = Blueprint("own_tokens", __name__, url_prefix="/-/tokens")


@blueprint.get("")
@requires(Permission.KEEP_OWN_ACCOUNT)
def tokens() -> str:
    """The list, newest first."""
    rows = paging.of_request(gate().db, listing.statement(of=_me()), *listing.KEYS, descending=True)
    return render_template("tokens/own.html", page=rows, now=clock.now(), in_words=scopes.in_words)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def new() -> str | tuple[str, int]:
    """Make a token, and show it this once."""
    form = NewTokenForm(gate().site, _open_to_me())
    if not form.validate_on_submit():
        return render_template("tokens/new.html", form=form)
    try:
        text, row = actions.issue_personal(
            gate().db, actor(_me().email), gate().site, _me(), form.name.data, form.scopes, form.duration
        )
    except UserError as error:
        form.apps.errors = [sentence(error)]
        return render_template("tokens/new.html", form=form), 400
    return render_template("tokens/made.html", text=text, row=row)


@blueprint.post("/<int:number>/revoke")
@requires(Permission.KEEP_OWN_ACCOUNT)
def revoke(number: int) -> AnyResponse:
    """End one of them. This needs no fresh proof: whoever sees a leak is to be quick."""
    try:
        name = actions.revoke(gate().db, actor(_me().email), number, of=_me())
    except actions.NoSuchTokenError:
        abort(404, "This token is revoked already.")
    flash(f"The token “{name}” is revoked.")
    return redirect(url_for("own_tokens.tokens"))


def sentence(error: UserError) -> str:
    """The line of an error as a sentence under a field."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _open_to_me() -> list[App]:
    """The apps that the person may enter, or a path of which; the names of others are not told."""
    visitor = of_person(gate().db, _me())
    return [
        app
        for app in gate().site.apps
        if any(decide_at(app, rule, visitor).enters for rule in (APP_ITSELF, *(r.path for r in app.paths)))
    ]


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person
