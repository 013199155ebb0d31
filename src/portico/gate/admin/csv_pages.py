"""The pages that bring people in from a CSV file and write them into one."""

from __future__ import annotations

from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from portico.gate import clock, mail, roster
from portico.gate.accounts.invitations import LIFETIME
from portico.gate.accounts.transactions import one_transaction
from portico.gate.admin.people_pages import me, search_of_request
from portico.gate.audit import Actor, note
from portico.gate.permissions import Permission, may, requires
from portico.gate.roster import inviting
from portico.gate.roster.columns import READ
from portico.gate.state import gate

blueprint = Blueprint("admin_csv", __name__, url_prefix="/-/admin/people")
LARGEST = 1_000_000  # bytes of a file; the front takes no more for the gate
SHOWN = 100  # changes on the page


def install(app: Flask) -> None:
    """Take a file from those who may bring people in, before anything reads the form."""

    @app.before_request
    def room_for_a_file() -> None:
        if request.endpoint == "admin_csv.import_people" and may(Permission.MANAGE_PEOPLE):
            request.max_content_length = request.max_form_memory_size = LARGEST + 64 * 1024


@blueprint.route("/import", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def import_people() -> AnyResponse | str | tuple[str, int]:
    """Show what a file would change, then change it. The second form carries the text of the first."""
    if request.method == "GET":
        return render_template("admin/import.html", columns=READ)
    upload = request.files.get("file")
    data = upload.read() if upload else request.form.get("text", "").encode()
    if len(data) > LARGEST:
        raise RequestEntityTooLarge
    try:
        people = roster.read(data)
        if "carry_out" not in request.form:
            plan = roster.compare(gate().db, people)
            text = data.decode("utf-8-sig")
            return render_template(
                "admin/import_plan.html", plan=plan, text=text, shown=SHOWN, most=inviting.MOST
            )
        done = roster.bring_in(gate().db, me(), people, invited="invite" in request.form)
    except roster.RosterError as error:
        lines = str(error).splitlines()
        return render_template("admin/import.html", columns=READ, problems=lines), 400
    said = f"Done: {len(done.added)} added, {len(done.changed)} changed."
    if done.links and not mail.configured(gate().site):
        links = [(email, _link(token)) for email, token in done.links]
        return render_template("admin/import_links.html", said=said, links=links, days=LIFETIME.days)
    flash(f"{said} {len(done.links)} mails are on their way." if done.links else said)
    return redirect(url_for("admin_people.people"))


@blueprint.get("/export")
@requires(Permission.MANAGE_PEOPLE, fresh=True)
def export_people() -> Response:
    """The people that the list shows, as a file."""
    search = search_of_request()
    _note_export(gate().db, me(), narrow=search.narrow)
    lines = stream_with_context(roster.write(gate().db, search))
    name = f"people-{clock.now():%Y-%m-%d}.csv"
    return Response(
        lines, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _link(token: str) -> str:
    return f"{gate().site.url}{url_for('links.reset', token=token)}"


@one_transaction
def _note_export(db: Session, actor: Actor, *, narrow: bool) -> None:
    note(db, actor, "people-exported", narrow=narrow)
