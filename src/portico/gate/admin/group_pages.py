"""The pages of groups: which there are, what each gives, who is in it."""

from __future__ import annotations

import re

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import paging
from portico.gate.accounts import directory, group_list
from portico.gate.accounts import groups as actions
from portico.gate.accounts.directory import Search
from portico.gate.admin.forms import NewGroupForm
from portico.gate.admin.people_pages import me, person_or_404
from portico.gate.models import Group, Person, Role
from portico.gate.permissions import Permission, requires
from portico.gate.policy import ADMIN
from portico.gate.state import gate

blueprint = Blueprint("admin_groups", __name__, url_prefix="/-/admin/groups")
AT_ONCE = 500  # people who are put in with one form


def group_or_404(name: str) -> Group:
    """The group of this name."""
    found = gate().db.scalar(select(Group).where(Group.name == name))
    if found is None:
        abort(404)
    return found


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE)
def groups() -> AnyResponse | str | tuple[str, int]:
    """All groups, or those that are searched for; add one."""
    form = NewGroupForm()
    form.roles.choices = [(role.name, role.name) for role in _grantable()]
    if not form.validate_on_submit():
        return _list(form), 400 if form.errors else 200
    try:
        name, roles = form.name.data, form.roles.data or ()
        actions.add(gate().db, me(), name, form.description.data or "", roles)
    except UserError as error:
        form.name.errors = [str(error)]
        return _list(form), 400
    flash(f"The group {name} is added. Put people in.")
    return redirect(url_for("admin_groups.group", name=name))


@blueprint.get("/<name>")
@requires(Permission.MANAGE_PEOPLE)
def group(name: str) -> str:
    """One group: what it gives and opens, and its people."""
    db, one = gate().db, group_or_404(name)
    words = request.args.get("q", "")
    search = Search(words=words, group=name)
    given = actions.role_names(db, one)
    return render_template(
        "admin/group.html",
        group=one,
        roles=_grantable(),
        given=given,
        opens=group_list.opened_by(gate().site, given),
        page=directory.people(db, paging.of_request(db, search.statement(), Person.email)),
        words=words,
        count=paging.count(db, search.statement()),
        counted=paging.COUNTED,
        typed="",
    )


@blueprint.post("/<name>/description")
@requires(Permission.MANAGE_PEOPLE)
def describe(name: str) -> AnyResponse:
    """Say who belongs to the group."""
    actions.describe(gate().db, me(), group_or_404(name), request.form.get("description", ""))
    flash("Saved.")
    return _back(name)


@blueprint.post("/<name>/roles")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def set_roles(name: str) -> AnyResponse:
    """Let the group give and give no more the roles whose ticks were changed."""
    db, one = gate().db, group_or_404(name)
    shown, ticked = set(request.form.getlist("shown")), set(request.form.getlist("role"))
    wanted = (set(actions.role_names(db, one)) - (shown - ticked)) | (ticked - shown)
    try:
        actions.set_group_roles(db, me(), one, sorted(wanted))
        flash(f"{name} gives the roles: {', '.join(sorted(wanted)) or 'none'}.")
    except UserError as error:
        flash(str(error), "error")
    return _back(name)


@blueprint.post("/<name>/join")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def join(name: str) -> AnyResponse:
    """Put people in, all that are named or none."""
    one = group_or_404(name)
    emails = re.split(r"[\s,;]+", request.form.get("people", "").strip())
    try:
        if len(emails) > AT_ONCE:
            raise UserError(f"put in at most {AT_ONCE} people at once")
        joined = actions.join(gate().db, me(), one, [email for email in emails if email])
        flash(f"{joined} put in." if joined != 1 else "One person put in.")
    except UserError as error:
        flash(f"Nobody was put in: {error}.", "error")
    return _back(name)


@blueprint.post("/<name>/leave/<uid>")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def leave(name: str, uid: str) -> AnyResponse:
    """Take a person out."""
    one, person = group_or_404(name), person_or_404(uid)
    actions.leave(gate().db, me(), one, [person.email])
    flash(f"{person.email} is not in {name} any more.")
    return _back(name)


@blueprint.route("/<name>/remove", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def remove(name: str) -> AnyResponse | str:
    """Say what is lost with a group; remove it when that is confirmed."""
    one = group_or_404(name)
    if request.method == "GET":
        listed = group_list.listed(gate().db, [one])[0]
        return render_template("admin/group_remove.html", group=listed)
    had = actions.remove(gate().db, me(), name)
    flash(f"The group {name} is removed; {had} {'person was' if had == 1 else 'people were'} in it.")
    return redirect(url_for("admin_groups.groups"))


def _grantable() -> list[Role]:
    """The roles that a group can give."""
    return list(gate().db.scalars(select(Role).where(Role.name != ADMIN).order_by(Role.name)))


def _list(form: NewGroupForm) -> str:
    db, words = gate().db, request.args.get("q", "")
    statement = group_list.statement(words)
    return render_template(
        "admin/groups.html",
        form=form,
        page=group_list.page(db, paging.of_request(db, statement, Group.name)),
        count=paging.count(db, statement),
        counted=paging.COUNTED,
        words=words,
    )


def _back(name: str) -> AnyResponse:
    return redirect(url_for("admin_groups.group", name=name))
