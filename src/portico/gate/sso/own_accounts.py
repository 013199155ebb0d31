"""A person's own page of accounts elsewhere: which are joined to the account here, joining another, taking one apart."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portico.errors import UserError
from portico.gate import origins
from portico.gate.accounts.forms import ConfirmForm
from portico.gate.models import LinkedAccount
from portico.gate.permissions import Permission, requires
from portico.gate.sso import linked
from portico.gate.sso.entrance import provider_client
from portico.gate.sso.flow import Purpose
from portico.gate.sso.provider import ProviderClient
from portico.gate.sso.views import depart
from portico.gate.state import actor, gate
from portico.site import Provider

blueprint = Blueprint("linked_accounts", __name__, url_prefix="/-/sign-in-accounts")


@blueprint.get("")
@requires(Permission.KEEP_OWN_ACCOUNT)
def accounts() -> str:
    """The list, and what could be joined."""
    site, person = gate().site, current_user._get_current_object()
    joined = linked.accounts_of(gate().db, person)
    sources = {one.source for one in joined}
    removable = {one.id for one in joined if linked.leaves_a_way(gate().db, person, one)}

    def keeps_a_way(account: LinkedAccount) -> bool:
        return account.id in removable

    return render_template(
        "sso/accounts.html",
        accounts=joined,
        titles=site.sources.titles,
        others=[one for one in site.sources.providers if f"sso.{one.name}" not in sources],
        keeps_a_way=keeps_a_way,
        form=ConfirmForm(formdata=None),
    )


@blueprint.post("/<provider>/join")
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def link(provider: str) -> AnyResponse | str:
    """Go to the provider to show which account there is to be joined."""
    client = _asked(provider)
    return depart(client, Purpose.LINK, url_for("linked_accounts.accounts"))


@blueprint.post("/<provider>/confirm")
@requires(Permission.KEEP_OWN_ACCOUNT)
def confirm(provider: str) -> AnyResponse | str:
    """Go to the provider to show once more who is there, and on from there."""
    client = _asked(provider)
    return depart(client, Purpose.CONFIRM, origins.safe_next(gate().site, request.args.get("next")))


@blueprint.post("/<int:number>/take-apart")
@requires(Permission.KEEP_OWN_ACCOUNT, fresh=True)
def unlink(number: int) -> AnyResponse:
    """Take one apart."""
    if not ConfirmForm().validate_on_submit():
        abort(400)
    person = current_user._get_current_object()
    try:
        title = next(
            (
                gate().site.sources.titles.get(one.source, one.source)
                for one in linked.accounts_of(gate().db, person)
                if one.id == number
            ),
            "",
        )
        linked.unlink(gate().db, actor(person.email), person, number, title=title)
    except UserError as error:
        flash(str(error)[:1].upper() + str(error)[1:] + ".", "error")
    else:
        flash("The accounts are apart.")
    return redirect(url_for("linked_accounts.accounts"))


def joined_providers() -> list[Provider]:
    """The providers at which the person who asks has an account that is joined to theirs here."""
    sources = {one.source for one in linked.accounts_of(gate().db, current_user._get_current_object())}
    return [one for one in gate().site.sources.providers if f"sso.{one.name}" in sources]


def _asked(provider: str) -> ProviderClient:
    client = provider_client(provider)
    if client is None:
        abort(404)
    if not ConfirmForm().validate_on_submit():
        abort(400)
    return client
