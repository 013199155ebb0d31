"""The page of the audit: who did what, when and from where; and its lines to take along."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, render_template, request
from flask_login import current_user
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portico.gate import clock, paging
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note, reading
from portico.gate.audit.reading import Question
from portico.gate.permissions import Permission, requires
from portico.gate.state import actor, gate

blueprint = Blueprint("admin_audit", __name__, url_prefix="/-/admin/audit")
FIELDS = ("person", "action", "address", "since", "until")


@blueprint.get("")
@requires(Permission.READ_AUDIT)
def audit() -> str:
    """The lines that were asked for, the newest first."""
    db = gate().db
    asked = _asked(request.args)
    try:
        question, wrong = question_of(asked), ""
    except ValueError as error:
        question, wrong = Question(), str(error)
    try:
        found = reading.page(db, question, after=request.args.get("after"), before=request.args.get("before"))
    except paging.WrongCursorError:
        abort(400, "This page of the list does not exist. Start at its first page.")
    kept = tuple((name, value) for name, value in asked.items() if value)
    return render_template(
        "admin/audit.html",
        page=paging.Page(found.rows, found.previous, found.next, kept),
        asked=asked,
        wrong=wrong,
        narrow=question.narrow,
        actions=reading.actions(db),
        days=gate().site.audit.days,
    )


@blueprint.post("/export")
@requires(Permission.READ_AUDIT, fresh=True)
def export() -> Response:
    """The lines as JSON lines, the oldest first, however many there are. That it was asked for is a line itself."""
    asked = _asked(request.form)
    try:
        question = question_of(asked)
    except ValueError as error:
        abort(400, str(error))
    db = gate().db
    note_export(db, actor(current_user.email), {name: value for name, value in asked.items() if value})
    engine = db.get_bind()
    assert isinstance(engine, Engine)  # noqa: S101  a session of the gate is bound to its engine
    name = f"audit-{clock.now():%Y-%m-%d}.jsonl"
    return Response(
        json_lines(engine, question),
        mimetype="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
    )


@one_transaction
def note_export(db: Session, who: Actor, asked: dict[str, str]) -> None:
    """Write down who took lines of the audit along, and which."""
    note(
        db, who, "audit-exported", lines=" ".join(f"{name}={value}" for name, value in asked.items()) or "all"
    )


def json_lines(engine: Engine, question: Question) -> Iterator[str]:
    """One JSON object a line, as they are read."""
    with Session(engine, expire_on_commit=False) as db:
        for line in reading.lines(db, question):
            yield json.dumps(reading.as_record(line), ensure_ascii=False) + "\n"


def question_of(asked: dict[str, str]) -> Question:
    """What a form asks for; ValueError, in words for a person, when a day is none."""
    return Question(
        person=asked["person"].lower() if "@" in asked["person"] else asked["person"],
        action=asked["action"],
        address=asked["address"].lower(),
        since=_day(asked["since"]),
        until=_day(asked["until"], later=1),
    )


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "").replace("\0", "").strip() for name in FIELDS}


def _day(text: str, later: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=later)
    except (ValueError, OverflowError):
        raise ValueError(f"{text} is not a day; write it like 2026-11-21") from None
