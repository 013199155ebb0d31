"""The directory at the sign-in form: what it says about an address and a password that are not known here."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from portico.gate.models import LinkedAccount, Person
from portico.gate.sso.calls import SilentError
from portico.gate.sso.directory import SOURCE, DirectoryClient
from portico.gate.sso.statement import Statement
from portico.gate.sso.web import BadAnswerError
from portico.site import Site

EXTENSION = "portico_directory"
log = logging.getLogger(__name__)


class NoDirectoryError(Exception):
    """The directory cannot be asked at the moment. The text is for a person."""


def install(app: Flask, site: Site) -> None:
    """Make the directory's client. UserError when its library is missing."""
    directory = site.sources.directory
    app.extensions[EXTENSION] = DirectoryClient(directory) if directory is not None else None


def ask(login: str, password: str) -> Statement | None:
    """What the directory says about them; None when they are not right, or there is no directory. NoDirectoryError."""
    client = _client()
    return _answer(client, lambda: client.verify(login, password)) if client is not None else None


def knows(db: Session, person: Person, password: str) -> bool:
    """Whether the directory takes this as the password of somebody who signs in by it. NoDirectoryError."""
    client, account = _client(), account_of(db, person)
    if client is None or account is None:
        return False
    statement = _answer(client, lambda: client.verify_again(account.subject, password))
    return statement is not None and statement.subject == account.subject


def account_of(db: Session, person: Person) -> LinkedAccount | None:
    """The person's account in the directory, where the site has one."""
    if _client() is None:
        return None
    query = select(LinkedAccount).where(LinkedAccount.person_id == person.id, LinkedAccount.source == SOURCE)
    return db.scalar(query.limit(1))


def _client() -> DirectoryClient | None:
    client: DirectoryClient | None = current_app.extensions[EXTENSION]
    return client


def _answer(client: DirectoryClient, question: Callable[[], Statement | None]) -> Statement | None:
    try:
        return question()
    except SilentError as error:
        log.warning("%s", error)
        raise NoDirectoryError(
            f"{client.title} gives no answer at the moment. Try again in a minute."
        ) from error
    except BadAnswerError as error:
        log.error("%s", error)
        raise NoDirectoryError(
            f"{client.title} cannot be asked as it should be. An administrator finds the reason in the log."
        ) from error
