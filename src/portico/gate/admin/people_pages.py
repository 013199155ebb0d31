"""The pages of people: the list, one person, and what an administrator does for or about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import clock, paging
from portico.gate.accounts import actions, directory, ends, groups
from portico.gate.accounts.directory import STATES, Search, State
from portico.gate.admin import ways
from portico.gate.admin.forms import NewPersonForm
from portico.gate.audit import Actor
from portico.gate.factors import actions as factor_actions
from portico.gate.factors.holding import holding_of
from portico.gate.models import ApiToken, AuditLine, Person, Role, SessionRow
from portico.gate.permissions import Permission, requires
from portico.gate.policy import decide
from portico.gate.state import actor, gate
from portico.gate.visitors import of_person

blueprint = Blueprint("admin_people", __name__, url_prefix="/-/admin/people")
LATEST = 10  # lines of the audit on a person's page


def search_of_request() -> Search:
    """What the list's form asks for; what it cannot mean is left out."""
    state = request.args.get("state", "")
    return Search(
        words=request.args.get("q", ""),
        role=request.args.get("role", ""),
        state=State(state) if state in STATES else None,
        group=request.args.get("group", ""),
    )


def person_or_404(uid: str) -> Person:
    """The person of this address of a page."""
    found = gate().db.scalar(select(Person).where(Person.fs_uniquifier == uid))
    if found is None:
        abort(404)
    return found


def me() -> Actor:
    """The administrator who asks."""
    return actor(current_user.email)


@blueprint.get("")
@requires(Permission.MANAGE_PEOPLE)
def people() -> str:
    """The list, by address, with what it is narrowed to."""
    db, search = gate().db, search_of_request()
    statement = search.statement()
    page = directory.people(db, paging.of_request(db, statement, Person.email))
    return render_template(
        "admin/people.html",
        page=page,
        search=search,
        count=paging.count(db, statement),
        counted=paging.COUNTED,
        roles=db.scalars(select(Role.name).order_by(Role.name)).all(),
        states=list(State),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def new() -> str | tuple[str, int]:
    """Add a person, and show the link with which they choose a password."""
    db, form = gate().db, NewPersonForm()
    form.roles.choices = [(name, name) for name in db.scalars(select(Role.name).order_by(Role.name))]
    if not form.validate_on_submit():
        return render_template("admin/person_new.html", form=form)
    try:
        person = actions.create_person(
            db, me(), form.email.data, name=form.name.data or "", roles=form.roles.data or ()
        )
    except UserError as error:
        form.email.errors = [str(error)]
        return render_template("admin/person_new.html", form=form), 400
    return _link_page(person, added=True)


@blueprint.get("/<uid>")
@requires(Permission.MANAGE_PEOPLE)
def person(uid: str) -> str:
    """One person: who they are, what they may enter and why, what happened lately."""
    db, one = gate().db, person_or_404(uid)
    visitor = of_person(db, one)
    alive = select(func.count()).where(
        SessionRow.person_id == one.id, SessionRow.parent_id.is_(None), SessionRow.valid_until > clock.now()
    )
    lines = select(AuditLine).where(AuditLine.subject == one.email)
    return render_template(
        "admin/person.html",
        person=one,
        roles=db.scalars(select(Role).order_by(Role.name)).all(),
        entries=[(app, decide(app.access, visitor)) for app in gate().site.apps],
        groups=groups.groups_of(db, one),
        sessions=db.scalar(alive),
        tokens=db.scalar(select(func.count()).where(ApiToken.person_id == one.id)),
        held=holding_of(db, one),
        ways=ways.ways_of(db, gate().site, one),
        lines=db.scalars(lines.order_by(AuditLine.at.desc(), AuditLine.id.desc()).limit(LATEST)).all(),
    )


@blueprint.post("/<uid>/roles")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def set_roles(uid: str) -> AnyResponse:
    """Give and take the roles whose ticks were changed; what somebody else changed meanwhile stays."""
    one = person_or_404(uid)
    shown, ticked = set(request.form.getlist("shown")), set(request.form.getlist("role"))
    wanted = (one.role_names - (shown - ticked)) | (ticked - shown)
    try:
        actions.set_roles(gate().db, me(), one, sorted(wanted))
        flash(f"{one.email} has the roles: {', '.join(sorted(one.role_names)) or 'none'}.")
    except UserError as error:
        flash(str(error), "error")
    return _back(one)


@blueprint.post("/<uid>/name")
@requires(Permission.MANAGE_PEOPLE)
def rename(uid: str) -> AnyResponse:
    """Change the name that others see."""
    name = request.form.get("name", "")[:200]
    return _change(uid, lambda db, me, one: actions.rename(db, me, one, name), "Saved.")


@blueprint.post("/<uid>/disable")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def disable(uid: str) -> AnyResponse:
    """Close the account."""
    return _change(uid, actions.disable, "{email} is disabled and signed out everywhere.")


@blueprint.post("/<uid>/enable")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def enable(uid: str) -> AnyResponse:
    """Open the account again."""
    return _change(uid, actions.enable, "{email} is enabled.")


@blueprint.post("/<uid>/verify")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def verify(uid: str) -> AnyResponse:
    """Vouch for the address."""
    return _change(uid, actions.verify_address, "You vouch for it that {email} is theirs.")


@blueprint.post("/<uid>/reset-second-factor")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def reset_second_factor(uid: str) -> AnyResponse:
    """Take the second factors of somebody away who has lost them."""
    said = (
        "{email} is signed out, and signs in with the password alone until a second factor is set up again."
    )
    return _change(
        uid, lambda db, me, one: factor_actions.reset_second_factor(db, me, gate().site, one), said
    )


@blueprint.post("/<uid>/ways/<name>/remove")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def remove_way(uid: str, name: str) -> AnyResponse:
    """Take one of the person's ways to sign in away."""
    said = "Removed. {email} is signed out everywhere."
    return _change(uid, lambda db, me, one: ways.remove(db, me, gate().site, one, name), said)


@blueprint.post("/<uid>/end")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def set_end(uid: str) -> AnyResponse:
    """Let the account end after a day, in UTC; without a day, never."""
    end = _end_of(request.form.get("until", ""))
    return _change(uid, lambda db, me, one: ends.set_end(db, me, one, end), "Saved.")


@blueprint.post("/<uid>/reset-link")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def reset_link(uid: str) -> AnyResponse | str:
    """Show a link with which the person sets a new password. It is shown once."""
    one = person_or_404(uid)
    try:
        return _link_page(one, added=False)
    except UserError as error:
        flash(str(error), "error")
        return _back(one)


def _change(uid: str, action: Callable[[Session, Actor, Person], object], said: str) -> AnyResponse:
    """Do something with a person and say so, or why not, on their page."""
    one = person_or_404(uid)
    try:
        action(gate().db, me(), one)
        flash(said.format(email=one.email))
    except UserError as error:
        flash(str(error), "error")
    return _back(one)


def _end_of(day: str) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.combine(datetime.strptime(day, "%Y-%m-%d"), time(23, 59, 59), UTC)
    except ValueError:
        abort(400, "That is no day.")


def _link_page(one: Person, *, added: bool) -> str:
    token = actions.issue_reset_link(gate().db, me(), one)
    link = f"{gate().site.url}{url_for('links.reset', token=token)}"
    return render_template("admin/person_link.html", person=one, link=link, added=added)


def _back(one: Person) -> AnyResponse:
    return redirect(url_for("admin_people.person", uid=one.fs_uniquifier))
