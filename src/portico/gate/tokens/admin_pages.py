"""All tokens of the site, for administrators: of people and of services."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import clock, paging
from portico.gate.accounts import addresses
from portico.gate.models import Person, Role
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, gate
from portico.gate.tokens import actions, listing, scopes
from portico.gate.tokens.forms import NewServiceTokenForm
from portico.gate.tokens.pages import sentence

blueprint = Blueprint("admin_tokens", __name__, url_prefix="/-/admin/tokens")


@blueprint.get("")
@requires(Permission.MANAGE_TOKENS)
def tokens() -> str:
    """The list, newest first; of one person, or of services only, on demand."""
    db, typed = gate().db, request.args.get("person", "").strip()
    owner = db.scalar(select(Person).where(Person.email == addresses.normalised(typed))) if typed else None
    statement = listing.statement(of=owner, services=request.args.get("kind") == "service")
    if typed and owner is None:
        statement = statement.where(Person.id.is_(None), Person.id.is_not(None))
    return render_template(
        "admin/tokens.html",
        page=paging.of_request(db, statement, *listing.KEYS, descending=True),
        person=typed,
        kind=request.args.get("kind", ""),
        unknown=bool(typed) and owner is None,
        now=clock.now(),
        in_words=scopes.in_words,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_TOKENS, fresh=True)
def new() -> str | tuple[str, int]:
    """Make a token of a service, and show it this once."""
    db = gate().db
    form = NewServiceTokenForm(gate().site, db.scalars(select(Role.name).order_by(Role.name)).all())
    if not form.validate_on_submit():
        return render_template("admin/token_new.html", form=form)
    try:
        text, row = actions.issue_service(
            db,
            actor(current_user.email),
            gate().site,
            form.name.data,
            form.scopes,
            form.duration,
            form.roles.data or (),
        )
    except UserError as error:
        form.apps.errors = [sentence(error)]
        return render_template("admin/token_new.html", form=form), 400
    return render_template("admin/token_made.html", text=text, row=row)


@blueprint.post("/<int:number>/revoke")
@requires(Permission.MANAGE_TOKENS)
def revoke(number: int) -> AnyResponse:
    """End a token, whoever has it."""
    try:
        name = actions.revoke(gate().db, actor(current_user.email), number)
    except actions.NoSuchTokenError:
        abort(404, "This token is revoked already.")
    flash(f"The token “{name}” is revoked.")
    return redirect(url_for("admin_tokens.tokens"))
