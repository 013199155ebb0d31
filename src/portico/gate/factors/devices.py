"""Remembered devices: browsers in which the second factor was given and is not asked for again for some weeks.

Such a device replaces the second factor only, never the password. Each person has a cookie of their own in it, which
goes to the gate's pages and never to an app.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from flask import Response, after_this_request, request
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portico.gate import clock
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.factors.pending import password_mark
from portico.gate.models import Person, RememberedDevice
from portico.gate.sessions import hash_token, new_token, well_formed
from portico.site import Site

COOKIE_PATH = "/-/"
REMEMBERED = "remembered device"


def cookie_name(site: Site, person: Person) -> str:
    """The name of this person's cookie; it tells nobody who that is."""
    mark = hashlib.sha256(b"device:" + person.fs_uniquifier.encode()).hexdigest()[:12]
    return f"{'__Secure-' if site.secure else ''}portico_device_{mark}"


@one_transaction
def is_remembered(db: Session, site: Site, person: Person) -> bool:
    """Whether the browser that asks is remembered for this person."""
    token = request.cookies.get(cookie_name(site, person))
    if not site.sign_in.remember_device or token is None or not well_formed(token):
        return False
    used = db.execute(
        update(RememberedDevice)
        .where(
            RememberedDevice.token_hash == hash_token(token),
            RememberedDevice.person_id == person.id,
            RememberedDevice.password_mark == password_mark(person),
            RememberedDevice.expires_at > clock.now(),
        )
        .values(last_used_at=clock.now())
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


@one_transaction
def remember(db: Session, actor: Actor, site: Site, person: Person, user_agent: str) -> str:
    """Remember the browser for this person; returns the token for its cookie."""
    now = clock.now()
    db.execute(delete(RememberedDevice).where(RememberedDevice.expires_at < now))
    token = new_token()
    db.add(
        RememberedDevice(
            person_id=person.id,
            token_hash=hash_token(token),
            password_mark=password_mark(person),
            created_at=now,
            last_used_at=now,
            expires_at=now + timedelta(seconds=site.sign_in.remember_device),
            ip=actor.ip[:45],
            user_agent=user_agent[:255],
        )
    )
    note(db, actor, "device-remembered", person.email)
    return token


def give_cookie(site: Site, person: Person, token: str) -> None:
    """Send the token along with the response of this request."""
    name = cookie_name(site, person)

    @after_this_request
    def attach(response: Response) -> Response:
        response.set_cookie(
            name,
            token,
            max_age=int(site.sign_in.remember_device),
            path=COOKIE_PATH,
            secure=site.secure,
            httponly=True,
            samesite="Lax",
        )
        return response


def devices_of(db: Session, person: Person) -> list[RememberedDevice]:
    """The browsers that are remembered for this person, the last used first."""
    query = select(RememberedDevice).where(
        RememberedDevice.person_id == person.id,
        RememberedDevice.password_mark == password_mark(person),
        RememberedDevice.expires_at > clock.now(),
    )
    return list(db.scalars(query.order_by(RememberedDevice.last_used_at.desc()).limit(100)))


@one_transaction
def forget(db: Session, actor: Actor, person: Person, device_id: int | None = None) -> int:
    """Forget one of the person's devices, or all of them; returns how many."""
    gone = delete(RememberedDevice).where(RememberedDevice.person_id == person.id)
    if device_id is not None:
        gone = gone.where(RememberedDevice.id == device_id)
    count = int(db.execute(gone).rowcount)  # type: ignore[attr-defined]
    if count:
        note(db, actor, "devices-forgotten", person.email, devices=count)
    return count
