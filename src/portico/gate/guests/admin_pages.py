"""Share links, for administrators: the list, a new one, an end to one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from portico.errors import UserError
from portico.gate import clock, paging
from portico.gate.guests import actions, places
from portico.gate.models import ShareLink
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, gate
from portico.gate.tokens.pages import sentence

blueprint = Blueprint("admin_shares", __name__, url_prefix="/-/admin/shares")
LASTS = (("1", "1 hour"), ("24", "1 day"), ("168", "7 days"), ("720", "30 days"), ("2160", "90 days"))


class NewShareForm(FlaskForm):  # type: ignore[misc]
    """What is shared, and for how long."""

    app = SelectField("App")
    path = StringField(
        "Opens at",
        [InputRequired("Enter a path like /."), Length(max=actions.PATH_LENGTH)],
        default="/",
        description="A path inside the app. Of its guarded paths, the link opens the one that this lies under.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    note = StringField(
        "For whom",
        [Length(max=actions.NOTE_LENGTH)],
        description="A word for this list. Guests do not see it.",
        render_kw={"autocomplete": "off"},
    )
    lasts = SelectField("Lasts", choices=LASTS, default="168")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app.choices = [(app.name, app.title) for app in gate().site.apps if not app.asks_nobody]


@blueprint.get("")
@requires(Permission.MANAGE_TOKENS)
def shares() -> str:
    """The list, newest first."""
    page = paging.of_request(gate().db, select(ShareLink), ShareLink.id, descending=True)
    titles = {app.name: app.title for app in gate().site.apps}
    return render_template("admin/shares.html", page=page, now=clock.now(), titles=titles)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_TOKENS, fresh=True)
def new() -> str | tuple[str, int]:
    """Make a share link, and show it this once."""
    site, form = gate().site, NewShareForm()
    if not form.validate_on_submit():
        return render_template("admin/share_new.html", form=form)
    app = site.app(form.app.data)
    try:
        token, row = actions.share(
            gate().db,
            actor(current_user.email),
            app,
            form.path.data.strip(),
            timedelta(hours=int(form.lasts.data)),
            form.note.data or "",
        )
    except UserError as error:
        form.path.errors = [sentence(error)]
        return render_template("admin/share_new.html", form=form), 400
    link = places.share_link(site, app, token)
    return render_template("admin/share_made.html", link=link, row=row, app=app)


@blueprint.post("/<int:number>/revoke")
@requires(Permission.MANAGE_TOKENS)
def revoke(number: int) -> AnyResponse:
    """End a share link."""
    try:
        actions.revoke(gate().db, actor(current_user.email), number)
    except actions.NoSuchLinkError:
        abort(404, "This share link is revoked already.")
    flash("The share link is revoked, and whoever came by it is out.")
    return redirect(url_for("admin_shares.shares"))
