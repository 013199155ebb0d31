"""A gate in this process and a browser for it: follows cookies, reads forms, sends them back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

import databases
import kept_rules
from portico.gate import create_gate, database, prepare
from portico.gate.accounts import actions, passwords
from portico.gate.audit import COMMAND_LINE
from portico.gate.mail.office import PostOffice, attach
from portico.site import Access, App, Run, RunKind, Sessions, SignUp, Site

PASSWORD = "correct horse battery"
HASH = passwords.hash_password(PASSWORD)
kept_rules.keep()


def make_app(name: str, access: Access | None = None, **changes: Any) -> App:
    """An app at /<name> that everyone who is signed in may enter."""
    app = App(
        name=name,
        run=Run(RunKind.FILE, f"{name}.py", f"/nowhere/{name}.py"),
        folder=Path("/nowhere"),
        title=name.title(),
        description="",
        access=access or Access(signed_in=True),
        path=f"/{name}",
        host=None,
        port=None,
        workers=1,
        threads=8,
        sleep_after=None,
        start_timeout=120.0,
        request_timeout=300.0,
        max_body=100_000_000,
        python=None,
        environment=(),
        in_portal=True,
    )
    return replace(app, **changes)


def make_site(folder: Path, *apps: App, **changes: Any) -> Site:
    """A site at http://localhost:8000 with its state in this folder."""
    site = Site(
        name="Example",
        url="http://localhost:8000",
        listen_host="127.0.0.1",
        listen_port=8000,
        sign_up=SignUp.OPEN,
        root=folder,
        file=None,
        state=folder / ".portico",
        database_url="",
        gate_workers=1,
        trusted_proxies=(),
        check_cache=3.0,
        sessions=Sessions(idle=3600, absolute=24 * 3600, remember=30 * 24 * 3600),
        roles={"admin": "Runs the site", "analyst": "Reads sales"},
        apps=apps,
    )
    site = replace(site, **changes)
    return site if site.database_url else replace(site, database_url=databases.url(folder))


class GateUnderTest:
    """A prepared gate, its site, and short ways to people and database."""

    def __init__(self, site: Site) -> None:
        self.site = site
        databases.fill(site.database_url)
        self.notes = prepare(site)["notes"]
        self.app: Flask = create_gate(site)
        self._desk_engine = database.open_engine(site.database_url, threads=1)

    def close(self) -> None:
        """Close the connections to the database, and stop what delivers mail."""
        if delivery := self.app.extensions.get("portico_delivery"):
            delivery.close()
        with self.app.app_context():
            self.app.extensions["sqlalchemy"].engine.dispose()
        self._desk_engine.dispose()

    def browser(self, **environ: Any) -> Browser:
        """A new browser without cookies."""
        return Browser(self, environ)

    def person(self, email: str = "anna@example.org", *roles: str, password: bool = True) -> str:
        """Add a person with PASSWORD; returns the address."""
        with self.desk() as db:
            hashed = HASH if password else None
            actions.create_person(db, COMMAND_LINE, email, name="Anna", password_hash=hashed, roles=roles)
        return email

    def desk(self) -> Session:
        """The database, as the command line opens it, but without making it ready each time."""
        return Session(self._desk_engine, expire_on_commit=False, info=attach({}, PostOffice(self.site)))

    def audit(self) -> list[str]:
        """All actions in the audit, in order."""
        from portico.gate.models import AuditLine

        with self.desk() as db:
            return list(_actions(db, AuditLine))


def _actions(db: Session, model: Any) -> list[str]:
    from sqlalchemy import select

    return list(db.scalars(select(model.action).order_by(model.id)))


class _Form(HTMLParser):
    """The hidden fields of the page's main form."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"] or ""] = found.get("value") or ""


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the forms on this page."""
    form = _Form()
    form.feed(page)
    return form.hidden


class Browser:
    """Keeps cookies, fills in forms."""

    def __init__(self, gate: GateUnderTest, environ: Mapping[str, Any]) -> None:
        self.gate = gate
        self.client = gate.app.test_client()
        self.base = gate.site.url
        self.environ = {"REMOTE_ADDR": "192.0.2.7", **environ}

    def get(self, path: str, base: str | None = None, **kwargs: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=base or self.base, environ_overrides=self.environ, **kwargs)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form as it is given."""
        return self.client.post(path, data=data, base_url=self.base, environ_overrides=self.environ, **kwargs)

    def fill(self, path: str, **fields: Any) -> TestResponse:
        """Open the page, fill in its form, send it."""
        return self.post(path, self.hidden(path) | fields)

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the form on this page."""
        return hidden_fields(self.get(path).text)

    def sign_in(
        self, email: str = "anna@example.org", password: str = PASSWORD, path: str = "/-/sign-in", **more: Any
    ) -> TestResponse:
        """Sign in on the page."""
        return self.fill(path, email=email, password=password, **more)

    def check(self, app: str) -> TestResponse:
        """What the front asks."""
        return self.get(f"/-/check/{app}")

    @property
    def cookie(self) -> str | None:
        """The session token that the browser holds for the site."""
        found = self.client.get_cookie(self.gate.site.session_cookie, domain="localhost")
        return found.value if found else None

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.set_cookie(self.gate.site.session_cookie, value, domain="localhost")


@contextmanager
def statements(said: list[str]) -> Iterator[None]:
    """What this process says to the database within the block."""

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def link_in(text: str) -> str:
    """The path of the first link to the gate in this text."""
    found = re.search(r"/-/[a-z-]+/[A-Za-z0-9_-]{43}", text)
    assert found, text
    return found.group()
