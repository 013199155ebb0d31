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
from sqlalchemy import Engine

from portico.gate import busy_database, database, failures, guards, mail, permissions, secrets
from portico.gate.accounts import passwords, sign_up_policy
from portico.gate.accounts.entry import blueprint as entry
from portico.gate.accounts.hand_over import blueprint as hand_over
from portico.gate.accounts.invitation_pages import blueprint as invitation_pages
from portico.gate.accounts.join_pages import blueprint as join
from portico.gate.accounts.links_pages import blueprint as link_pages
from portico.gate.accounts.my_data_pages import blueprint as my_data
from portico.gate.accounts.own import blueprint as account
from portico.gate.accounts.own_address import blueprint as own_address
from portico.gate.accounts.own_sessions import blueprint as own_sessions
from portico.gate.admin import csv_pages, group_pages, person_endings
from portico.gate.admin.app_pages import blueprint as admin_apps
from portico.gate.admin.audit_pages import blueprint as admin_audit
from portico.gate.admin.people_pages import blueprint as admin_people
from portico.gate.admin.role_pages import blueprint as admin_roles
from portico.gate.admin.sessions_pages import blueprint as admin_sessions
from portico.gate.api import blueprint as api
from portico.gate.audit.doors import DoorNotes
from portico.gate.check import Check
from portico.gate.errands import ERRANDS
from portico.gate.factors import passkey_entry, strength
from portico.gate.factors.confirm import blueprint as confirm
from portico.gate.factors.second_step import blueprint as second_step
from portico.gate.factors.security_pages import blueprint as security
from portico.gate.guests import pages as guest_pages
from portico.gate.guests.admin_pages import blueprint as admin_shares
from portico.gate.housekeeping import Housekeeping
from portico.gate.insight.collecting import Collector
from portico.gate.insight.pages import blueprint as insight
from portico.gate.issuer import Issuer
from portico.gate.mail import PostOffice
from portico.gate.mail.delivery import Delivery
from portico.gate.mail.mailbox_pages import blueprint as mailbox
from portico.gate.mail.office import attach
from portico.gate.models import Person, Role
from portico.gate.portal.views import blueprint as portal
from portico.gate.session_interface import DatabaseSessions
from portico.gate.site_pages import blueprint as site_pages
from portico.gate.sso import views as sso
from portico.gate.state import GateState
from portico.gate.tokens.admin_pages import blueprint as admin_tokens
from portico.gate.tokens.pace import Pace
from portico.gate.tokens.pages import blueprint as own_tokens
from portico.site import Site, from_json

BLUEPRINTS = (
    entry,
    hand_over,
    join,
    own_address,
    my_data,
    invitation_pages,
    link_pages,
    account,
    second_step,
    passkey_entry.blueprint,
    security,
    confirm,
    own_sessions,
    own_tokens,
    guest_pages.blueprint,
    admin_shares,
    admin_tokens,
    admin_sessions,
    admin_audit,
    portal,
    site_pages,
    admin_people,
    csv_pages.blueprint,
    person_endings.blueprint,
    admin_roles,
    group_pages.blueprint,
    admin_apps,
    insight,
    api,
)
HASTY_SECONDS = 0.1  # how long noting the use of a session may wait for the database


def site_from_environment() -> Site:
    """The site that the supervisor wrote down for its children."""
    return from_json(Path(os.environ["PORTICO_SITE_JSON"]).read_text())


def create_gate(site: Site | None = None) -> Flask:
    """The gate of this site (default: of PORTICO_SITE_JSON). `prepare` must have run before."""
    served = site is None  # by a runner, not by a test or a script
    site = site or site_from_environment()
    known = secrets.load(site)
    app = Flask("portico.gate", static_url_path="/-/static")
    app.config.update(_settings(site, known))
    post = PostOffice(site)
    db = SQLAlchemy(app, session_options={"expire_on_commit": False, "info": attach({}, post)})
    with app.app_context():
        engine = db.engine
    database.tune(engine, busy_database.PATIENCE)
    busy_database.install(app, engine)
    app.extensions["portico"] = GateState(site, db, known, _run_folder())
    hasty = database.open_engine(site.database_url, threads=1, busy=HASTY_SECONDS)
    app.session_interface = DatabaseSessions(site, engine, hasty)
    _install(app, db, site)
    _deliver_mail(app, post, engine)
    if served:
        app.extensions["portico_housekeeping"] = Housekeeping(engine)
        app.extensions["portico_housekeeping"].start()
        _collect(app, site, engine)
    doors = app.extensions["portico_doors"] = DoorNotes(hasty)
    issuer = Issuer(site.url, known.identity_keys[0])
    pace = app.extensions["portico_pace"] = Pace(hasty, site.tokens.rate) if site.may_have_copies else None
    app.wsgi_app = Check(app.wsgi_app, site, engine, hasty, issuer, doors=doors, pace=pace)  # type: ignore[method-assign]
    return app


def _collect(app: Flask, site: Site, engine: Engine) -> None:
    """Start the thread that sums up for insight what the front has noted."""
    folder = _run_folder()
    if site.insight.enabled and folder is not None:
        app.extensions["portico_collector"] = Collector(engine, folder / "lines", site.insight.keep)
        app.extensions["portico_collector"].start()


def _deliver_mail(app: Flask, post: PostOffice, engine: Engine) -> None:
    """Start the thread that empties the outbox, where the site sends mail."""
    if mail.configured(post.site):
        app.extensions["portico_delivery"] = Delivery(post, engine, ERRANDS)
        app.extensions["portico_delivery"].start()


def _install(app: Flask, db: SQLAlchemy, site: Site) -> None:
    guards.install(app, site)
    csv_pages.install(app)
    csrf = CSRFProtect(app)
    strength.install(app)  # before anything asks who it is
    Security(app, FSQLALiteUserDatastore(db, Person, Role), register_blueprint=False)
    permissions.install(app)
    failures.install(app)
    permissions.public(app.view_functions["static"])
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    csrf.exempt(
        api
    )  # permissions.py asks for the form's token where a session is used, and not of API tokens
    csrf.exempt(guest_pages.offer_frame)  # asks for an API token and looks at no session
    sso.install(app, site, csrf)
    if PostOffice(site).keeps:
        app.register_blueprint(mailbox)
    app.url_defaults(_version_static)
    app.jinja_env.globals.update(site=site, may=permissions.may, Permission=permissions.Permission)
    app.jinja_env.globals.update(passkey_options=passkey_entry.options, passkey_address=passkey_entry.address)
    app.jinja_env.globals.update(passkey_refusal=passkey_entry.refusal)
    app.jinja_env.globals.update(sign_up_open=sign_up_policy.is_open, sends_mail=mail.configured)


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
        "SQLALCHEMY_ENGINES": {
            "default": database.engine_options(site.database_url, busy=busy_database.PATIENCE)
        },
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
