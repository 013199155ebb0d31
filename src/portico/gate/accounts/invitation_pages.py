"""The administrators' page of invitations: make, renew, withdraw."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import paging
from portico.gate.accounts import actions, asked, invitations
from portico.gate.accounts.forms import AskForm, InviteForm
from portico.gate.models import Invitation, Link, Person, Role
from portico.gate.permissions import Permission, requires
from portico.gate.policy import ADMIN
from portico.gate.state import actor, gate

blueprint = Blueprint("invitations", __name__, url_prefix="/-/admin/invitations")
GONE = "This invitation is not open any more."


@blueprint.get("")
@requires(Permission.MANAGE_INVITATIONS)
def overview() -> str:
    """All invitations, the newest first; with ?open, only those that can still be used."""
    statement = select(Invitation)
    if "open" in request.args:
        statement = statement.where(*invitations.good())
    page = paging.of_request(gate().db, statement, Invitation.id, descending=True)
    waiting = gate().db.scalar(select(func.count()).select_from(asked.waiting().subquery()))
    return render_template(
        "invitations/list.html",
        page=page,
        state_of=partial(invitations.state_of, gate().db),
        waiting=waiting or 0,
    )


@blueprint.get("/asked")
@requires(Permission.MANAGE_INVITATIONS)
def asked_for() -> str:
    """Who asks for an account, the first one first, and who of them has one."""
    page = paging.of_request(gate().db, asked.waiting(), Link.id)
    addresses = [link.data["email"] for link in page.rows]
    known = select(Person.email, Person.fs_uniquifier).where(Person.email.in_(addresses))
    people = {row.email: row.fs_uniquifier for row in gate().db.execute(known)}
    return render_template("invitations/asked.html", page=page, people=people)


@blueprint.post("/asked/dismiss")
@requires(Permission.MANAGE_INVITATIONS)
def dismiss() -> AnyResponse:
    """Say no to somebody who asks, without a word to them."""
    form = AskForm()
    try:
        asked.dismiss(gate().db, actor(current_user.email), form.email.data or "")
        flash(f"{form.email.data} is off the list.")
    except UserError as error:
        flash(_sentence(error), "error")
    return redirect(url_for("invitations.asked_for"))


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_INVITATIONS, fresh=True)
def new() -> AnyResponse | str | tuple[str, int]:
    """Invite somebody; the page that follows shows the link, once."""
    db = gate().db
    form = InviteForm(email=request.args.get("email"))
    form.roles.choices = [(name, name) for name in _may_give()]
    if not form.validate_on_submit():
        return render_template("invitations/new.html", form=form)
    try:
        invitation, token = invitations.invite(
            db,
            actor(current_user.email),
            form.email.data or None,
            roles=form.roles.data or (),
            lifetime=timedelta(days=form.days.data),
        )
    except UserError as error:
        form.email.errors = [_sentence(error)]
        return render_template("invitations/new.html", form=form), 409
    return _made(invitation, token)


@blueprint.post("/<int:number>/renew")
@requires(Permission.MANAGE_INVITATIONS, fresh=True)
def renew(number: int) -> AnyResponse | str:
    """Make a new link for it; the old one ends."""
    invitation = gate().db.get(Invitation, number)
    if invitation is None or not set(invitation.roles) <= set(_may_give()):
        abort(404)
    try:
        return _made(*invitations.renew(gate().db, actor(current_user.email), number))
    except actions.LinkSpentError:
        flash(GONE, "error")
        return redirect(url_for("invitations.overview"))


@blueprint.post("/<int:number>/withdraw")
@requires(Permission.MANAGE_INVITATIONS)
def withdraw(number: int) -> AnyResponse:
    """Take it back."""
    try:
        invitations.withdraw(gate().db, actor(current_user.email), number)
        flash("The invitation is withdrawn; its link opens nothing any more.")
    except actions.LinkSpentError:
        flash(GONE, "error")
    return redirect(url_for("invitations.overview"))


def _made(invitation: Invitation, token: str) -> str:
    link = f"{gate().site.url}{url_for('join.invitation', token=token)}"
    return render_template("invitations/made.html", invitation=invitation, link=link)


def _may_give() -> list[str]:
    """The roles that this person may invite to: nobody makes somebody an administrator who is none."""
    names = gate().db.scalars(select(Role.name).order_by(Role.name))
    return [name for name in names if name != ADMIN or ADMIN in current_user.role_names]


def _sentence(error: UserError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
