"""What the gate's views share: the site, the database, the secrets, the supervisor's run directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import current_app, request, session
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy.orm import Session

from portico.gate.audit import Actor
from portico.gate.secrets import Secrets
from portico.gate.session_interface import GateSession
from portico.site import Site


@dataclass(frozen=True, slots=True)
class GateState:
    """Kept in `app.extensions["portico"]`."""

    site: Site
    database: SQLAlchemy
    secrets: Secrets
    run_folder: Path | None

    @property
    def db(self) -> Session:
        """This request's database session."""
        return self.database.session


def gate() -> GateState:
    """The state of the gate that serves this request."""
    return cast(GateState, current_app.extensions["portico"])


def own_session() -> GateSession:
    """This request's session with its gate-only abilities."""
    return cast(GateSession, session._get_current_object())  # type: ignore[attr-defined]


def client_ip() -> str:
    """The address of the client, as the front states it."""
    return request.remote_addr or ""


def actor(email: str) -> Actor:
    """This person, from where the request came."""
    return Actor(email, client_ip())
