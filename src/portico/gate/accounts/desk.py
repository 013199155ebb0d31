"""The command line's way to the accounts: the site's database, opened for one command, served or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portico.gate import database
from portico.gate.mail.office import PostOffice, attach
from portico.gate.preparation import ready_database
from portico.site import Site


@contextmanager
def open_desk(site: Site) -> Iterator[Session]:
    """A database session of the site; makes the database when there is none yet.

    UserError when it cannot be used.
    """
    engine = ready_database(site)
    try:
        with Session(engine, expire_on_commit=False, info=attach({}, PostOffice(site))) as db:
            yield db
    except OperationalError as error:
        raise database.explain(error, site) from error
    finally:
        engine.dispose()
