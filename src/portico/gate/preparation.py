"""What happens once before the gate's workers start.

Database, migrations, secrets, roles, the first-run link.
"""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import database, mail, migrations, secrets
from portico.gate.accounts import actions, roles
from portico.gate.audit import retention
from portico.gate.factors import vault
from portico.gate.sso import brought_roles
from portico.site import SignUp, Site
from portico.site.cautions import open_without_mail

NO_PROOF = (
    'sign_up = "domain" needs mail: without it nobody can prove an address, and the register form stays closed '
    "(PORTICO_MAIL_URL)"
)


def prepare(site: Site | None = None) -> dict[str, list[str]]:
    """Make everything ready; the notes are for the person who started the site.

    Safe to run again, also at once.
    """
    from portico.gate.app import site_from_environment

    site = site or site_from_environment()
    try:
        known = secrets.ensure(site)
    except OSError as error:
        raise UserError(f"state folder {site.state}: {error.strerror}: {error.filename}") from error
    engine = ready_database(site)
    try:
        with Session(engine, expire_on_commit=False) as db:
            token = actions.make_first_run_link(db)
            vault.reseal(db, site, known)
            brought_roles.forget_absent_sources(db, site)
            secrets.drop_data_keys(site)
    finally:
        engine.dispose()
    notes = [NO_PROOF] if site.sign_up is SignUp.DOMAIN and not mail.configured(site) else []
    if token is not None:
        notes.append(f"No administrator yet. Make the first account here: {site.url}/-/first-run/{token}")
    return {"notes": [*notes, *open_without_mail(site)]}


def ready_database(site: Site) -> Engine:
    """An engine whose database has this code's tables and the site's roles.

    UserError when it cannot be opened.
    """
    try:
        database.make_place(site)
    except OSError as error:
        raise UserError(f"database folder {error.filename}: {error.strerror}") from error
    engine = database.open_engine(site.database_url, threads=1)
    try:
        if migrations.upgrade(engine):
            database.close_to_others(site)
        with Session(engine, expire_on_commit=False) as db:
            roles.declare(db, site)
            retention.declare(db, site.audit.days)
    except DatabaseError as error:
        engine.dispose()
        if isinstance(error, OperationalError) or database.is_damaged(error):
            raise database.explain(error, site) from error
        raise
    return engine
