"""The page on which people take their data with them or delete their account."""

from __future__ import annotations

import json

from flask import Blueprint, Response, redirect, render_template, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from portico.gate.accounts import my_data
from portico.gate.accounts.actions import LastAdministratorError
from portico.gate.accounts.forms import DeleteAccountForm
from portico.gate.models import Person
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, gate, own_session

blueprint = Blueprint("my_data", __name__, url_prefix="/-/my-data")


@blueprint.get("")
@requires(Permission.KEEP_OWN_ACCOUNT)
def overview() -> str:
    """Say what is kept, and offer both."""
    return render_template("own/my_data.html")


@blueprint.get("/export")
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def export() -> AnyResponse:
    """Everything that the site keeps about the person, as a JSON file."""
    text = json.dumps(my_data.export(gate().db, _me()), indent=2, ensure_ascii=False, default=str)
    response = Response(text + "\n", mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@blueprint.route("/delete", methods=["GET", "POST"])
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def delete() -> AnyResponse | str | tuple[str, int]:
    """Delete the account, once its address is typed in."""
    person = _me()
    form = DeleteAccountForm(address=person.email)
    if not form.validate_on_submit():
        return render_template("own/delete.html", form=form)
    try:
        my_data.delete_person(gate().db, actor(person.email), person)
    except LastAdministratorError:
        form.email.errors = ["You are the last administrator. Make somebody else one first."]
        return render_template("own/delete.html", form=form), 409
    logout_user()
    own_session().end()
    return redirect(f"{url_for('entry.sign_in')}?account-deleted")


def _me() -> Person:
    person: Person = current_user._get_current_object()
    return person
