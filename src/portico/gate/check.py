"""`/-/check/<app>[/<rule>]`: the front asks for every request of an app that is not public.

Fast, and it decides alone.

It answers before Flask does: one SELECT and one signature (reused for seconds), no user object, no template.
204 with `X-Portico-Identity`, 401 (nobody is signed in) or 403. `<rule>` is the path of the path rule that the front
found the request under. The front keeps this path to itself; a stranger who reached it would learn only about the own
session.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from portico.gate import audit, database, visitors
from portico.gate.audit.doors import DoorNotes
from portico.gate.insight.marks import Marks
from portico.gate.issuer import Identity, Issuer
from portico.gate.origins import own_hosts
from portico.gate.policy import ADMIN, Outcome, Visitor, decide_at
from portico.gate.session_use import SessionUse
from portico.gate.sso import header
from portico.gate.tokens import holders, spelling
from portico.gate.tokens.pace import Pace
from portico.gate.visitors import Found
from portico.site import App, Site
from portico.site.path_rules import access_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/-/check/"
log = logging.getLogger(__name__)
Answer = tuple[str, list[tuple[str, str]]]


class Check:
    """A WSGI application that answers the front's question and passes everything else on to the gate."""

    def __init__(
        self,
        inner: WSGIApplication,
        site: Site,
        engine: Engine,
        hasty: Engine,
        issuer: Issuer,
        *,
        doors: DoorNotes,
        pace: Pace | None = None,
    ) -> None:
        self._inner = inner
        self._site = site
        self._engine = engine
        self._hasty_engine = hasty
        self._session_use = SessionUse(hasty, site.sessions)
        self._issuer = issuer
        self._marks = Marks(hasty) if site.insight.enabled else None
        self._apps = {app.name: app for app in site.apps}
        self._own_hosts = {app.name: host for host, app in own_hosts(site).items()}
        self._doors = doors
        self._pace = pace

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PATH):
            return self._inner(environ, start_response)
        name, slash, rest = path[len(PATH) :].partition("/")
        try:
            status, headers = self._answer(name, slash + rest, environ)
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and database.is_passing(error):
                log.error("the check could not ask the database: %s", database.reason(error))
            else:
                log.exception("the check could not ask the database")
            status, headers = "503 Service Unavailable", []
        start_response(status, [("Cache-Control", "no-store"), *headers])
        return []

    def _answer(self, name: str, rule: str, environ: WSGIEnvironment) -> Answer:
        app = self._apps.get(name)
        access = access_of(app, rule) if app else None
        if access is not None and access.public:
            return "204 No Content", []  # and nobody is named: that is what public means
        found = self._find(name, environ)
        if seconds := self._seconds_to_wait(found):
            return "403 Forbidden", [("X-Portico-Wait", str(seconds))]
        return self._decided(name, rule, found, environ)

    def _decided(self, name: str, rule: str, found: Found | None, environ: WSGIEnvironment) -> Answer:
        app = self._apps.get(name)
        visitor = found.visitor if found else None
        decision = decide_at(app, rule, visitor)
        if not decision.enters:
            entered = self._as_guest(app, rule, environ)
            if entered is not None:
                return entered
            if decision.outcome is not Outcome.FORBIDDEN:
                return "401 Unauthorized", []
            if found is not None and app is not None:
                self._note(found, name, environ.get("REMOTE_ADDR", ""), "entry-refused", path=rule)
            return "403 Forbidden", []
        if found is None or not found.visitor.active or not _names_at(found.visitor, name):
            return "204 No Content", []
        self._note_use(found, environ.get("REMOTE_ADDR", ""))
        if decision.as_administrator:
            self._note(found, name, environ.get("REMOTE_ADDR", ""), "entered-as-administrator", role=ADMIN)
        return "204 No Content", self._named(found.identity, name)

    def _seconds_to_wait(self, found: Found | None) -> int:
        """0, or how long whoever shows a token has to wait: it made too many requests, in all copies of the site."""
        if found is None or self._pace is None or found.key[0] != "token":
            return 0
        return self._pace.wait(found.key[1])

    def _find(self, app: str, environ: WSGIEnvironment) -> Found | None:
        """Who asks: whose API token is shown, else whose session it is."""
        text = spelling.of_header(environ.get("HTTP_AUTHORIZATION", ""))
        if text is not None:
            return visitors.of_token(self._engine, self._site, text)
        token = cookie_value(environ.get("HTTP_COOKIE", ""), self._site.session_cookie)
        found = visitors.of_session(self._engine, token)
        if found is not None and found.host is not None and self._own_hosts.get(app) != found.host:
            return None  # the session of one app's own host opens no other app
        if found is not None and self._is_of_another(found, environ):
            return None
        if found is not None and not found.strong:
            concerned = self._site.sign_in.second_factor.concerns(found.visitor.roles)
            return None if concerned else found
        return found

    def _is_of_another(self, found: Found, environ: WSGIEnvironment) -> bool:
        """Whether a trusted proxy vouches for somebody else now than for the one whose session this is."""
        if self._site.sources.header is None or found.key[0] != "session":
            return False
        ids = found.session.ids if found.session is not None else [found.key[1]]
        return header.denies(self._engine, ids, environ)

    def _as_guest(self, app: App | None, rule: str, environ: WSGIEnvironment) -> Answer | None:
        """The answer for somebody whom a link has let in; None when it does not let them in here."""
        if app is None or environ.get("HTTP_AUTHORIZATION"):
            return None
        token = cookie_value(environ.get("HTTP_COOKIE", ""), self._site.guest_cookie(app.name))
        found = visitors.of_guest(self._engine, app.name, token)
        if found is None or not decide_at(app, rule, None, found.guest).enters:
            return None
        if found.inviter is not None and not decide_at(app, rule, found.inviter).enters:
            return None
        if found.identity is None:
            return "204 No Content", []
        return "204 No Content", self._named(found.identity, app.name)

    def _named(self, identity: Identity, app: str) -> list[tuple[str, str]]:
        """Who asks, for the app; and for insight the mark of a person, not of a service's token."""
        marks = self._marks.header(identity.uid, app) if self._marks and identity.email else []
        return [("X-Portico-Identity", self._issuer.token(identity, app)), *marks]

    def _note_use(self, found: Found, ip: str) -> None:
        """Note that a session or a token is in use, seldom; a busy or full disk signs nobody out."""
        if found.session is not None:
            self._session_use.note(found.session, ip)
        elif found.key[0] == "token" and holders.is_due(found.last_used_at):
            try:
                with self._hasty_engine.begin() as connection:
                    connection.execute(holders.use_of(found.key[1], ip))
            except SQLAlchemyError as error:
                log.warning("could not note that a token is in use: %s", error.__cause__ or error)

    def _note(self, found: Found, app: str, ip: str, action: str, **detail: str) -> None:
        """Write into the audit, once a session and app, that a door was refused, or opened by a role alone."""
        name = found.identity.email or f"service {found.identity.name}"
        self._doors.write(found.key, audit.Actor(name, ip), action, app, **detail)


def _names_at(visitor: Visitor, app: str) -> bool:
    """Whether an app that is open to all learns who asks: by a token that is for other apps it does not."""
    return visitor.apps is None or app in visitor.apps


def cookie_value(cookies: str, name: str) -> str | None:
    """The first cookie of that name, as nginx reads it too: both must mean the same session."""
    for part in cookies.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None
