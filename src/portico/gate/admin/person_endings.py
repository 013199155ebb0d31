"""The end of a person's account for good."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate.accounts import my_data
from portico.gate.admin.people_pages import me, person_or_404
from portico.gate.permissions import Permission, requires
from portico.gate.state import gate

blueprint = Blueprint("admin_person_endings", __name__, url_prefix="/-/admin/people")


@blueprint.route("/<uid>/delete", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def delete(uid: str) -> AnyResponse | str | tuple[str, int]:
    """Say what goes with the account; delete it when the address is typed."""
    one = person_or_404(uid)
    if request.method == "GET":
        return render_template("admin/person_delete.html", person=one)
    if request.form.get("address", "").strip().lower() != one.email:
        return render_template("admin/person_delete.html", person=one, wrong="That is another address."), 400
    try:
        my_data.delete_person(gate().db, me(), one)
    except UserError as error:
        flash(str(error), "error")
        return redirect(url_for("admin_people.person", uid=uid))
    flash(f"The account of {one.email} is deleted.")
    return redirect(url_for("admin_people.people"))
