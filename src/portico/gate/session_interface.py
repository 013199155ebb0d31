"""Flask's `session`, kept in the database. The cookie is a random token and nothing else.

A visitor who is not signed in gets a token when a form needs one; its form secret is derived from the token,
so that no row is written for visitors who only look. A row is written when somebody
signs in, or when a view puts something into `session`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Engine

from portico.gate import clock, sessions
from portico.gate.models import Person, SessionRow
from portico.gate.session_use import SessionUse, Use
from portico.site import Site

CSRF = "csrf_token"
USER = "_user_id"  # Flask-Login's key
_DERIVED = (CSRF, USER)  # never stored: they follow from the token and the row


class GateSession(SessionMixin):
    """A dictionary that is read from the database at first use."""

    def __init__(self, engine: Engine, token: str | None, request: Request, use: SessionUse) -> None:
        self.token = token if sessions.well_formed(token) else None
        self.row_id: int | None = None
        self.parent_id: int | None = None
        self.remembered = False
        self.fresh_token = False  # the browser does not have it yet
        self.ended = False
        self.planted = ""  # the address at which the browser had two of our cookies
        self.modified = False
        self.accessed = False
        self._engine = engine
        self._request = request
        self._use = use
        self._values: dict[str, Any] | None = None

    @property
    def loaded(self) -> dict[str, Any]:
        """What the session holds."""
        if self._values is None:
            self._values = self._load() if self.token else {}
            self.accessed = True
        return self._values

    def _load(self) -> dict[str, Any]:
        assert self.token is not None  # noqa: S101  see `loaded`
        query = (
            select(
                SessionRow.id,
                SessionRow.parent_id,
                SessionRow.host,
                SessionRow.remembered,
                SessionRow.last_used_at,
                SessionRow.last_ip,
                SessionRow.absolute_until,
                SessionRow.data,
                Person.fs_uniquifier,
            )
            .outerjoin(Person, Person.id == SessionRow.person_id)
            .where(
                SessionRow.token_hash == sessions.hash_token(self.token), SessionRow.valid_until > clock.now()
            )
        )
        self._values = {}  # should the database fail: an empty session for the page that says so
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or (row.host is not None and row.host != self._request.host):
            return {}
        self.row_id, self.parent_id, self.remembered = row.id, row.parent_id, row.remembered
        values = dict(row.data)
        if row.uid is not None:
            values[USER] = row.uid
            ids = [number for number in (row.id, row.parent_id) if number is not None]
            use = Use(ids, row.last_used_at, row.last_ip, row.absolute_until, row.remembered)
            self._use.note(use, self._request.remote_addr or "")
        return values

    def form_secret(self) -> str:
        """What this browser's forms are bound to; makes a token when there is none.

        The site's keys sign it in every form, and are no part of it: it stays when they are rotated.
        """
        _ = self.loaded
        if self.token is None:
            self.token, self.fresh_token = sessions.new_token(), True
        return hashlib.sha256(b"form:" + self.token.encode()).hexdigest()

    def adopt(self, token: str, row: SessionRow) -> None:
        """Become this newly started session, empty.

        The browser gets its token, what was there before is dropped.
        """
        self._values = {}
        self.token, self.fresh_token, self.modified = token, True, True
        self.row_id, self.parent_id, self.remembered = row.id, row.parent_id, row.remembered

    def renew(self, token: str) -> None:
        """Go on under a new token, which the row has already."""
        self.token, self.fresh_token = token, True

    def end(self) -> None:
        """Forget everything; the cookie is removed with the response."""
        self._values = {}
        self.token, self.row_id, self.parent_id = None, None, None
        self.ended, self.modified, self.fresh_token = True, False, False

    def stored(self) -> dict[str, Any]:
        """What goes into the row."""
        return {key: value for key, value in self.loaded.items() if key not in _DERIVED}

    def __getitem__(self, key: str) -> Any:
        return self.form_secret() if key == CSRF else self.loaded[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if key != CSRF:
            self.loaded[key] = value
            self.modified = True
            if self.row_id is None and not self.fresh_token:
                # The row to come takes no token that the browser brought: nobody chooses one for others.
                self.token, self.fresh_token = sessions.new_token(), True

    def __delitem__(self, key: str) -> None:
        if key != CSRF:
            del self.loaded[key]
            self.modified = True

    def __contains__(self, key: object) -> bool:
        return key == CSRF or key in self.loaded

    def __iter__(self) -> Iterator[str]:
        return iter(self.loaded)

    def __len__(self) -> int:
        return len(self.loaded)


class DatabaseSessions(SessionInterface):
    """Opens and saves the sessions of the gate's requests."""

    def __init__(self, site: Site, engine: Engine, hasty: Engine) -> None:
        self._site = site
        self._engine = engine
        self._use = SessionUse(hasty, site.sessions)

    def open_session(self, app: Flask, request: Request) -> GateSession:
        """Take the token of the request's cookie; nothing is read yet.

        Two cookies of its name are none, as at the front: an app's page may have planted one of them.
        """
        found = request.cookies.getlist(self._site.session_cookie)
        session = GateSession(self._engine, found[0] if len(found) == 1 else None, request, self._use)
        session.planted = request.path if len(found) > 1 else ""
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed; give the browser its token, or take it away."""
        assert isinstance(session, GateSession)  # noqa: S101  open_session made it
        if session.planted:
            self._remove_planted(session.planted, response)
        if session.ended and session.token is None:
            response.delete_cookie(
                self._site.session_cookie, path="/", secure=self._site.secure, httponly=True
            )
            return
        if session.modified:
            self._store(session)
        if session.fresh_token and session.token:
            response.set_cookie(
                self._site.session_cookie,
                session.token,
                max_age=int(self._site.sessions.remember) if session.remembered else None,
                path="/",
                secure=self._site.secure,
                httponly=True,
                samesite="Lax",
            )

    def _remove_planted(self, path: str, response: Response) -> None:
        """Ours is at "/": what lies on a path below is somebody else's, and keeps people from signing in."""
        parts = path.strip("/").split("/")
        for count in range(1, len(parts) + 1):
            place = "/" + "/".join(parts[:count])
            for spelling in (place, f"{place}/"):
                response.delete_cookie(self._site.session_cookie, path=spelling)

    def _store(self, session: GateSession) -> None:
        values = session.stored()
        if session.row_id is not None:
            statement: Any = update(SessionRow).where(SessionRow.id == session.row_id).values(data=values)
        elif values:
            statement = insert(SessionRow).values(**self._anonymous_row(session), data=values)
        else:
            return
        with self._engine.begin() as connection:
            connection.execute(statement)

    def _anonymous_row(self, session: GateSession) -> dict[str, Any]:
        now = clock.now()
        return {
            "token_hash": sessions.hash_token(session.token or sessions.new_token()),
            "created_at": now,
            "last_used_at": now,
            "valid_until": now + sessions.ANONYMOUS,
            "absolute_until": now + sessions.ANONYMOUS,
            "remembered": False,
            "ip": "",
            "user_agent": "",
        }
