"""The page of roles: which there are, who has them, what they open."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate.accounts import roles as role_actions
from portico.gate.admin.forms import NewRoleForm
from portico.gate.admin.people_pages import me
from portico.gate.permissions import Permission, requires
from portico.gate.policy import ADMIN
from portico.gate.state import gate

blueprint = Blueprint("admin_roles", __name__, url_prefix="/-/admin/roles")


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE)
def roles() -> AnyResponse | str | tuple[str, int]:
    """All roles; add one."""
    form = NewRoleForm()
    if not form.validate_on_submit():
        return _page(form)
    try:
        role_actions.add(gate().db, me(), form.name.data, form.description.data or "")
    except UserError as error:
        form.name.errors = [str(error)]
        return _page(form), 400
    flash(f"The role {form.name.data} is added.")
    return redirect(url_for("admin_roles.roles"))


@blueprint.get("/<name>/remove")
@requires(Permission.MANAGE_PEOPLE)
def ask_to_remove(name: str) -> AnyResponse | str:
    """Say what is lost with a role before it is removed."""
    for role, count in role_actions.in_use(gate().db):
        if role.name == name:
            return render_template("admin/role_remove.html", role=role, count=count, apps=_opened_by(name))
    flash(f"There is no role {name}.", "error")
    return redirect(url_for("admin_roles.roles"))


@blueprint.post("/<name>/remove")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def remove(name: str) -> AnyResponse:
    """Take the role from everybody and from the site."""
    try:
        had = role_actions.remove(gate().db, me(), name, gate().site)
        flash(f"The role {name} is removed; {had} {'person' if had == 1 else 'people'} had it.")
    except UserError as error:
        flash(str(error), "error")
    return redirect(url_for("admin_roles.roles"))


def _page(form: NewRoleForm) -> str:
    site = gate().site
    rows = [
        (role, count, _opened_by(role.name), role.name != ADMIN and role.name not in site.roles)
        for role, count in role_actions.in_use(gate().db)
    ]
    return render_template("admin/roles.html", rows=rows, form=form)


def _opened_by(name: str) -> list[str]:
    return [app.title for app in gate().site.apps if name in app.access.roles]
