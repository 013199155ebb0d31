"""create_gate(): the Flask app that knows people. Its parts are put together here and nowhere else."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask_security import FSQLALiteUserDatastore, Security
from flask_sqlalchemy_lite import SQLAlchemy
from flask_wtf import CSRFProtect

from portico.gate import database, failures, guards, permissions, secrets
from portico.gate.accounts import passwords
from portico.gate.accounts.entry import blueprint as entry
from portico.gate.accounts.hand_over import blueprint as hand_over
from portico.gate.accounts.links_pages import blueprint as link_pages
from portico.gate.accounts.own import blueprint as account
from portico.gate.check import Check
from portico.gate.issuer import Issuer
from portico.gate.models import Person, Role
from portico.gate.portal.views import blueprint as portal
from portico.gate.session_interface import DatabaseSessions
from portico.gate.site_pages import blueprint as site_pages
from portico.gate.state import GateState
from portico.site import Site, from_json

HASTY_SECONDS = 0.1  # how long noting the use of a session may wait for the database


def site_from_environment() -> Site:
    """The site that the supervisor wrote down for its children."""
    return from_json(Path(os.environ["PORTICO_SITE_JSON"]).read_text())


def create_gate(site: Site | None = None) -> Flask:
    """The gate of this site (default: of PORTICO_SITE_JSON). `prepare` must have run before."""
    site = site or site_from_environment()
    known = secrets.load(site)
    app = Flask("portico.gate", static_url_path="/-/static")
    app.config.update(_settings(site, known))
    db = SQLAlchemy(app, session_options={"expire_on_commit": False})
    with app.app_context():
        engine = db.engine
    database.tune(engine)
    app.extensions["portico"] = GateState(site, db, known, _run_folder())
    app.session_interface = DatabaseSessions(site, engine)
    _install(app, db, site)
    hasty = database.open_engine(site.database_url, threads=1, busy=HASTY_SECONDS)
    issuer = Issuer(site.url, known.identity_keys[0])
    app.wsgi_app = Check(app.wsgi_app, site, engine, hasty, issuer)  # type: ignore[method-assign]
    return app


def _install(app: Flask, db: SQLAlchemy, site: Site) -> None:
    guards.install(app, site)
    CSRFProtect(app)
    Security(app, FSQLALiteUserDatastore(db, Person, Role), register_blueprint=False)
    permissions.install(app)
    failures.install(app)
    permissions.public(app.view_functions["static"])
    for blueprint in (entry, hand_over, link_pages, account, portal, site_pages):
        app.register_blueprint(blueprint)
    app.url_defaults(_version_static)
    app.jinja_env.globals.update(site=site, may=permissions.may, Permission=permissions.Permission)


def _version_static(endpoint: str, values: dict[str, Any]) -> None:
    """Let browsers and the front keep style and scripts: what changes has another address."""
    if endpoint == "static" and "v" not in values:
        values["v"] = _digest(values["filename"])


@cache
def _digest(name: str) -> str:
    """What a static file holds, in a few letters: the same in every copy of a site, unlike its time."""
    file = Path(__file__).parent / "static" / name
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""


def _settings(site: Site, known: secrets.Secrets) -> dict[str, Any]:
    """Flask's and its extensions' settings.

    Flask-Security's own pages are not registered: ours call its functions, so that each page has our guard,
    our audit line in the same transaction and the checked `next` of the front.
    """
    return {
        "SECRET_KEY": known.session_keys[0],
        "SECRET_KEY_FALLBACKS": list(known.session_keys[1:]),
        "WTF_CSRF_SECRET_KEY": list(reversed(known.session_keys)),  # signs with the last, accepts all
        "SQLALCHEMY_ENGINES": {"default": database.engine_options(site.database_url)},
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
        "SESSION_PROTECTION": None,  # Flask-Login's fingerprint of address and browser breaks on travel
        "REMEMBER_COOKIE_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,  # a form is good as long as its session
        "WTF_CSRF_SSL_STRICT": False,  # guards.py checks the origin against the declared URL
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__type": "ID",
            "argon2__time_cost": passwords.TIME_COST,
            "argon2__memory_cost": passwords.MEMORY_COST,
            "argon2__parallelism": passwords.PARALLELISM,
        },
        "SECURITY_PASSWORD_LENGTH_MIN": passwords.MIN_LENGTH,
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": str, "case_insensitive": False}}],
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
    }


def _run_folder() -> Path | None:
    named = os.environ.get("PORTICO_SITE_JSON")
    return Path(named).parent if named else None
