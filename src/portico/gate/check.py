"""`/-/check/<app>`: the front asks for every request of an app that is not public.

Fast, and it decides alone.

It answers before Flask does: one SELECT and one signature (reused for seconds), no user object, no template.
204 with `X-Portico-Identity`, 401 (nobody is signed in) or 403. The front keeps this path to itself; a
stranger who reached it would learn only about the own session.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portico.gate import audit, clock, sessions
from portico.gate.issuer import Identity, Issuer
from portico.gate.models import Person, Role, SessionRow, person_role
from portico.gate.origins import own_hosts
from portico.gate.policy import ADMIN, Outcome, Visitor, decide
from portico.site import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/-/check/"
REMEMBERED_ENTRIES = 10_000
log = logging.getLogger(__name__)

_QUERY = (
    select(
        SessionRow.id,
        SessionRow.parent_id,
        SessionRow.host,
        SessionRow.last_used_at,
        SessionRow.absolute_until,
        SessionRow.remembered,
        Person.fs_uniquifier,
        Person.email,
        Person.name,
        Person.email_verified,
        Person.active,
        Role.name.label("role"),
    )
    .join(Person, Person.id == SessionRow.person_id)
    .outerjoin(person_role, person_role.c.person_id == Person.id)
    .outerjoin(Role, Role.id == person_role.c.role_id)
    .where(SessionRow.token_hash == bindparam("token_hash"), SessionRow.valid_until > bindparam("now"))
)


class Found(NamedTuple):
    """A valid session and the person it belongs to."""

    session_id: int
    parent_id: int | None
    host: str | None
    last_used_at: datetime
    absolute_until: datetime
    remembered: bool
    identity: Identity
    active: bool

    @property
    def visitor(self) -> Visitor:
        """What a decision may rest on."""
        return Visitor(
            self.identity.email,
            frozenset(self.identity.roles),
            email_verified=self.identity.email_verified,
            active=self.active,
        )


class Check:
    """A WSGI application that answers the front's question and passes everything else on to the gate."""

    def __init__(
        self, inner: WSGIApplication, site: Site, engine: Engine, hasty: Engine, issuer: Issuer
    ) -> None:
        self._inner = inner
        self._site = site
        self._engine = engine
        self._hasty_engine = hasty
        self._issuer = issuer
        self._apps = {app.name: app for app in site.apps}
        self._own_hosts = {app.name: host for host, app in own_hosts(site).items()}
        self._entered: OrderedDict[tuple[int, str], None] = OrderedDict()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PATH):
            return self._inner(environ, start_response)
        try:
            status, headers = self._answer(path[len(PATH) :], environ)
        except SQLAlchemyError:
            log.exception("the check could not ask the database")
            status, headers = "503 Service Unavailable", []
        start_response(status, [("Cache-Control", "no-store"), *headers])
        return []

    def _answer(self, name: str, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]]]:
        app = self._apps.get(name)
        found = self._find(environ.get("HTTP_COOKIE", ""))
        if found is not None and found.host is not None and self._own_hosts.get(name) != found.host:
            found = None  # the session of one app's own host opens no other app
        decision = decide(app.access if app else None, found.visitor if found else None)
        if decision.outcome is Outcome.FORBIDDEN:
            return "403 Forbidden", []
        if decision.outcome is Outcome.SIGN_IN:
            return "401 Unauthorized", []
        if found is None or not found.active:
            return "204 No Content", []
        self._touch(found)
        if decision.as_administrator:
            self._note_entry(found, name, environ.get("REMOTE_ADDR", ""))
        return "204 No Content", [("X-Portico-Identity", self._issuer.token(found.identity, name))]

    def _find(self, cookies: str) -> Found | None:
        token = cookie_value(cookies, self._site.session_cookie)
        if token is None or not sessions.well_formed(token):
            return None
        with self._engine.connect() as connection:
            rows = connection.execute(
                _QUERY, {"token_hash": sessions.hash_token(token), "now": clock.now()}
            ).all()
        if not rows:
            return None
        first = rows[0]
        roles = tuple(sorted(row.role for row in rows if row.role is not None))
        identity = Identity(first.uid, first.email, first.email_verified, first.name, roles)
        return Found(*first[:6], identity=identity, active=first.active)

    def _touch(self, found: Found) -> None:
        """Note that the session is in use, at most once a minute; a busy or full disk signs nobody out."""
        now = clock.now()
        if now - found.last_used_at < sessions.TOUCH_EVERY:
            return
        until = sessions.valid_until(self._site.sessions, now, found.absolute_until, found.remembered)
        ids = [number for number in (found.session_id, found.parent_id) if number is not None]
        statement = (
            update(SessionRow).where(SessionRow.id.in_(ids)).values(last_used_at=now, valid_until=until)
        )
        try:
            with self._hasty_engine.begin() as connection:
                connection.execute(statement)
        except SQLAlchemyError as error:
            log.warning("could not note that a session is in use: %s", error.__cause__ or error)

    def _note_entry(self, found: Found, app: str, ip: str) -> None:
        """Write into the audit, once a session and app, that only being an administrator opened the door."""
        if (found.session_id, app) in self._entered:
            return
        self._entered[found.session_id, app] = None
        while len(self._entered) > REMEMBERED_ENTRIES:
            self._entered.popitem(last=False)
        try:
            with Session(self._hasty_engine) as db:
                audit.note(
                    db, audit.Actor(found.identity.email, ip), "entered-as-administrator", app, role=ADMIN
                )
                db.commit()
        except SQLAlchemyError as error:
            log.warning("could not write the audit: %s", error.__cause__ or error)


def cookie_value(header: str, name: str) -> str | None:
    """The first cookie of that name, as nginx reads it too: both must mean the same session."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None
